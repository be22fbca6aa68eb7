import { endOfDay } from '../dataset/guard.ts'
import { type Split, splitByTime } from '../dataset/split.ts'
import { DAY_MS, DEFAULT_SETTINGS } from '../settings.ts'
import type { LogSpan } from './log-span.ts'

export interface CutoffsRequest {
  readonly span: LogSpan
  /** Domain time, ms: nothing after it is known. */
  readonly now: number
  readonly horizonDays: number
  readonly mostRows: number
}

export interface Cutoffs extends Split {
  /** End of what is known and of the test's label window: the last whole day, ms. */
  readonly until: number
  /** One customer in so many is taken. */
  readonly oneIn: number
}

/**
 * Cutoffs from the newest known instant back: the test window ends with the last whole day, training cutoffs lie a month apart
 * before it, all labels ended. As many of them as the rows allow; where even the fewest are too many, a part of the customers.
 * @throws TrainerError `too_little_data` where the log is too short
 */
export function chooseCutoffs({ span, now, horizonDays, mostRows }: CutoffsRequest): Cutoffs {
  const { stepDays, warmUpDays } = DEFAULT_SETTINGS
  const until = Math.floor(Math.min(endOfDay(span.lastAt), now) / DAY_MS) * DAY_MS
  // A cutoff to choose settings on, and the first before it whose labels had ended by then.
  const fewest = Math.ceil(horizonDays / stepDays) + 1
  const cutoffs = Math.min(DEFAULT_SETTINGS.mostCutoffs, Math.max(fewest, Math.floor(mostRows / span.customers)))
  const split = splitByTime({
    logStart: span.firstKnownAt,
    logEnd: until,
    horizonMs: horizonDays * DAY_MS,
    ...{ stepDays, warmUpDays, mostCutoffs: cutoffs },
  })
  return { ...split, until, oneIn: Math.max(1, Math.ceil((split.training.length * span.customers) / mostRows)) }
}
