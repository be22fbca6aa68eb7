import { type CustomerEvent, ROLE_OF_TYPE } from '@holdfast/core'
import { HoldfastError } from '@holdfast/platform'

const DAY_MS = 86_400_000

/**
 * Whether an event says until when the shop's log reaches. What we decided ourselves does not: that may be dated today over
 * purchases of years ago.
 */
export function tellsOfTheShop({ type }: CustomerEvent): boolean {
  return ROLE_OF_TYPE[type] !== 'actions'
}

/** End of the UTC day of an instant, ms: the first instant of the next. */
export function endOfDay(at: number): number {
  return (Math.floor(at / DAY_MS) + 1) * DAY_MS
}

export interface Windows {
  /** ms */
  readonly cutoffs: readonly number[]
  readonly horizonMs: number
}

/**
 * @returns the cutoffs, ascending
 * @throws HoldfastError CUTOFFS_INVALID, HORIZON_INVALID
 */
export function checkWindows({ cutoffs, horizonMs }: Windows): readonly number[] {
  if (cutoffs.length === 0) throw cutoffsInvalid('no cutoff is given')
  const odd = cutoffs.find((cutoff) => !Number.isSafeInteger(cutoff) || cutoff < 0)
  if (odd !== undefined) throw cutoffsInvalid(`${odd} is no instant of 1970 or later, in whole milliseconds`)
  const twice = cutoffs.find((cutoff, i) => cutoffs.indexOf(cutoff) !== i)
  if (twice !== undefined) throw cutoffsInvalid(`${iso(twice)} is given twice`)
  if (!(horizonMs > 0 && Number.isFinite(horizonMs))) {
    throw horizonInvalid(`a horizon of ${horizonMs} ms is none`)
  }
  return [...cutoffs].sort((a, b) => a - b)
}

/**
 * Silence after the end of what is known is no churn: a label window must not reach past it.
 * @throws HoldfastError LABEL_LEAKS_PAST_END
 */
export function checkUntil({ cutoffs, horizonMs }: Windows, until: number, whence: string): void {
  const reaching = cutoffs.filter((cutoff) => cutoff + horizonMs > until)
  const worst = reaching.at(-1)
  if (worst === undefined) return
  throw new HoldfastError({
    code: 'LABEL_LEAKS_PAST_END',
    message:
      `the ${horizonMs / DAY_MS} days after ${reaching.map(iso).join(', ')} end on ${iso(worst + horizonMs)}, but what is known ends on ` +
      `${iso(until)} (${whence}): silence there would be taken for churn`,
    cure: `take cutoffs no later than ${iso(until - horizonMs)}, a shorter horizon, or say --until if the log is complete until later.`,
  })
}

/** @throws HoldfastError CUTOFF_OUTSIDE_LOG */
export function checkStart(cutoffs: readonly number[], firstKnownAt: number): void {
  const early = cutoffs.filter((cutoff) => cutoff < firstKnownAt)
  if (early.length === 0) return
  throw new HoldfastError({
    code: 'CUTOFF_OUTSIDE_LOG',
    message: `at ${early.map(iso).join(', ')} nothing was known yet: the first event of the log became known on ${iso(firstKnownAt)}`,
    cure:
      'take later cutoffs. Where history was brought in afterwards, its events must not carry the import as recordedtime: ' +
      'an event counts from when it was known.',
  })
}

/** @throws HoldfastError LOG_EMPTY */
export function logEmpty(details: string): HoldfastError {
  return new HoldfastError({
    code: 'LOG_EMPTY',
    message: `the log holds no event${details}`,
    cure: 'is this the right file or topic? Rows of other shapes become events with "npx holdfast import".',
  })
}

/** Every row of the population at a cutoff is missing. */
export function nobodyAt(cutoff: number, population: string): HoldfastError {
  return new HoldfastError({
    code: 'NOBODY_IN_POPULATION',
    message: `nobody is in the population "${population}" at ${iso(cutoff)}`,
    cure: 'take a later cutoff, or another population; is this the right log?',
  })
}

/** Share of events that may come again beyond the reach of the fold's own ring before the log is refused. */
const MOST_REPEATED = 0.01

/** @throws HoldfastError DUPLICATE_IDS */
export function checkRepeats(countedTwice: number, events: number, example: string | undefined): void {
  if (countedTwice <= events * MOST_REPEATED) return
  throw new HoldfastError({
    code: 'DUPLICATE_IDS',
    message: `at least ${countedTwice} of ${events} events come again with the same source and id, too far apart for the fold to drop them (for example one of customer ${example}): they would be counted twice`,
    cure: 'was a file given or appended twice, or does the map make the same id of several rows? Remove what is double.',
  })
}

/** @throws HoldfastError SPLIT_LEAKS for a random split, SPLIT_UNKNOWN for what is none */
export function parseSplit(text: string): number {
  if (/^random/i.test(text)) {
    throw new HoldfastError({
      code: 'SPLIT_LEAKS',
      message:
        'a random split of rows is refused: the same customer, and the same days, would stand on both sides, and recency ' +
        'nearly spells out the label. The model would look far better than it is',
      cure: 'split by time: --split time:2010-08-01 marks rows whose label was known by then as train, later cutoffs as test.',
    })
  }
  const at = text.startsWith('time:') ? parseInstant(text.slice(5)) : undefined
  if (at !== undefined) return at
  throw new HoldfastError({
    code: 'SPLIT_UNKNOWN',
    message: `split ${JSON.stringify(text)} is not "time:" and a date`,
    cure: 'write for example --split time:2010-08-01.',
  })
}

/** `2010-06-01` (its first instant, UTC) or an RFC 3339 time, in ms; undefined for anything else. */
export function parseInstant(text: string): number | undefined {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  if (!isDate && !/^\d{4}-\d{2}-\d{2}[Tt].*(?:[Zz]|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  const at = Date.parse(isDate ? `${text}T00:00:00Z` : text)
  // The engine rolls the 30th of February over to March.
  return Number.isNaN(at) || (isDate && new Date(at).toISOString().slice(0, 10) !== text) ? undefined : at
}

/** `2010-06-01,2010-07-01`, in ms. @throws HoldfastError CUTOFFS_INVALID */
export function parseCutoffs(text: string): readonly number[] {
  return text.split(',').map((part) => {
    const at = parseInstant(part.trim())
    if (at === undefined) throw cutoffsInvalid(`${JSON.stringify(part.trim())} is no date`)
    return at
  })
}

/** `90d`, in ms. @throws HoldfastError HORIZON_INVALID */
export function parseHorizonMs(text: string): number {
  const days = /^([1-9]\d{0,3})d$/.exec(text)?.[1]
  if (days === undefined) throw horizonInvalid(`${JSON.stringify(text)} is no number of days`)
  return Number(days) * DAY_MS
}

export function iso(at: number): string {
  const text = new Date(at).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}

function cutoffsInvalid(message: string): HoldfastError {
  return new HoldfastError({
    code: 'CUTOFFS_INVALID',
    message,
    cure: 'give dates or RFC 3339 times, separated by commas: 2010-06-01,2010-07-01.',
  })
}

function horizonInvalid(message: string): HoldfastError {
  return new HoldfastError({
    code: 'HORIZON_INVALID',
    message,
    cure: 'give the days within which no purchase counts as churn, for example 90d.',
  })
}
