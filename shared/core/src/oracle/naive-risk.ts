import { predictedValue } from '../clv/lifetime-value.ts'
import { featureVector } from '../features/table.ts'
import type { RiskModel } from '../risk/model.ts'
import { type Band, type CustomerState, newestEventAt } from '../state/customer-state.ts'

/*
 * Risk as its definition reads: no search, no bounds, no appointment. A silent customer is looked at again and again, minute
 * by minute. Slow on purpose; what the features are is the feature table's business and tested against the raw events.
 */

const MINUTE = 60_000
const DAY = 86_400_000
const LADDER: readonly Band[] = ['healthy', 'watch', 'at_risk']

/** The logit of a state at an instant by plain arithmetic, and how far a float32 evaluation may lie from it. */
export interface NaiveLogit {
  readonly logit: number
  readonly breadth: number
}

export function naiveLogit(state: CustomerState, at: number, model: RiskModel): NaiveLogit {
  let logit = model.bias
  let magnitude = Math.abs(model.bias)
  const vector = featureVector(state, at)
  for (const [i, x] of vector.entries()) {
    const term = x * (model.weights[i] ?? Number.NaN)
    logit += term
    magnitude += Math.abs(term)
  }
  return { logit, breadth: (vector.length + 2) * 2 ** -24 * magnitude }
}

/** The two thresholds as seen by a customer in band `previous`: those already passed are left only with the margin. */
function thresholds(previous: Band | undefined, model: RiskModel): readonly number[] {
  const rung = previous === undefined ? -1 : LADDER.indexOf(previous)
  return [model.watchLogit, model.atRiskLogit].map((logit, i) => (rung > i ? logit - model.hysteresisLogit : logit))
}

export function naiveBand(
  state: CustomerState,
  at: number,
  logit: number,
  previous: Band | undefined,
  model: RiskModel,
): Band {
  const last = state.purchases?.recent[0]
  if (last === undefined) return 'prospect'
  if (at - last >= model.horizonMs) return 'lapsed'
  return LADDER[thresholds(previous, model).filter((threshold) => logit >= threshold).length] ?? 'at_risk'
}

/** Distance of a logit from the nearest threshold that matters to a customer in band `previous`. */
export function distanceToThreshold(logit: number, previous: Band | undefined, model: RiskModel): number {
  return Math.min(...thresholds(previous, model).map((threshold) => Math.abs(logit - threshold)))
}

/** One unbroken time in a band, from its first minute on. */
export interface Stay {
  readonly band: Band
  readonly from: number
}

export interface Steps {
  /** First and last instant, ms; the first is looked at as it is, all others are whole minutes. */
  readonly from: number
  readonly to: number
  /** The band before the first look. */
  readonly previous: Band | undefined
  /** Whether a band is only left once the logit lies past a threshold by the float32 breadth. */
  readonly pastBreadth: boolean
  /** 1: every minute. More: every so many minutes and at month starts, going back minute by minute where the band changed. */
  readonly everyMinutes: number
}

/** The bands of a customer who stays silent, stepped through time. */
export function bandHistory(state: CustomerState, model: RiskModel, steps: Steps): Stay[] {
  const bandFrom = (at: number, current: Band | undefined): Band => {
    const { logit, breadth } = naiveLogit(state, at, model)
    const band = naiveBand(state, at, logit, current, model)
    const isOnTheLine = distanceToThreshold(logit, current, model) < breadth
    return steps.pastBreadth && isOnTheLine && current !== undefined && band !== 'lapsed' ? current : band
  }
  const stays: Stay[] = [{ band: bandFrom(steps.from, steps.previous), from: steps.from }]
  let seen = Math.floor(steps.from / MINUTE)
  for (const minute of looks(seen + 1, Math.floor(steps.to / MINUTE), steps.everyMinutes)) {
    const current = stays.at(-1)?.band
    // Silence leads nowhere from here.
    if (current === 'lapsed' || current === 'prospect') break
    if (bandFrom(minute * MINUTE, current) !== current) {
      for (let m = seen + 1; m <= minute; m++) {
        const band = bandFrom(m * MINUTE, stays.at(-1)?.band)
        if (band !== stays.at(-1)?.band) stays.push({ band, from: m * MINUTE })
      }
    }
    seen = minute
  }
  return stays
}

/** Minutes to look at, ascending: every so many, and each day's first and last, since features step at months' starts. */
function* looks(from: number, to: number, every: number): Generator<number> {
  const DAY_MINUTES = 1_440
  for (let minute = from; minute < to; ) {
    yield minute
    const midnight = Math.ceil((minute + 1) / DAY_MINUTES) * DAY_MINUTES
    minute = minute < midnight - 1 ? Math.min(minute + every, midnight - 1) : midnight
  }
  if (from <= to) yield to
}

/** What an evaluation must come to, seen from the band before. */
export interface OracleEvaluation {
  readonly band: Band
  /** When the band was entered, to the minute, ms; undefined where it is still the one before. */
  readonly enteredAt: number | undefined
  readonly probability: number
  readonly expectedLossMinor: number
  /** Whether a float32 model may see another band here: then band and entry are not to be compared. */
  readonly isOnTheLine: boolean
}

/**
 * Evaluates a state as the definition reads. Entry is the newest event's instant or the first whole minute after it at which the
 * state is in the band; it is searched for in steps of `everyMinutes` and then by minutes, so a stay shorter than a step may be
 * overlooked unless it is 1.
 */
export function oracleEvaluate(
  state: CustomerState,
  previousBand: Band | undefined,
  at: number,
  model: RiskModel,
  everyMinutes = 1,
): OracleEvaluation {
  const { logit, breadth } = naiveLogit(state, at, model)
  const band = naiveBand(state, at, logit, previousBand, model)
  const probability = band === 'prospect' ? 0 : Math.fround(1 / (1 + Math.exp(-logit)))
  return {
    band,
    enteredAt: band === previousBand ? undefined : entry(state, band, previousBand, at, model, everyMinutes),
    probability,
    expectedLossMinor: Math.round(probability * valueMinor(state, at, model)),
    isOnTheLine:
      (band === 'healthy' || band === 'watch' || band === 'at_risk') &&
      distanceToThreshold(logit, previousBand, model) <= breadth,
  }
}

function entry(
  state: CustomerState,
  band: Band,
  previous: Band | undefined,
  at: number,
  model: RiskModel,
  everyMinutes: number,
): number {
  const newest = newestEventAt(state)
  if (band === 'prospect') return newest < 0 ? at : newest
  if (band === 'lapsed') return (state.purchases?.recent[0] ?? Number.NaN) + model.horizonMs
  // Always seen from the band before: not a walk through bands, but the first minute that qualifies.
  const isIn = (when: number): boolean =>
    naiveBand(state, when, naiveLogit(state, when, model).logit, previous, model) === band
  if (isIn(newest)) return newest
  let quiet = Math.floor(newest / MINUTE)
  for (const minute of looks(quiet + 1, Math.max(quiet + 1, Math.ceil(at / MINUTE)), everyMinutes)) {
    if (isIn(minute * MINUTE)) {
      for (let m = quiet + 1; m <= minute; m++) if (isIn(m * MINUTE)) return m * MINUTE
    }
    quiet = minute
  }
  return at
}

/** As the models of value say, straight from their formulas; else net spend over tenure, lengthened by 90 days, for a year. */
function valueMinor(state: CustomerState, at: number, { valuation }: RiskModel): number {
  const p = state.purchases
  if (p === undefined) return 0
  const net = Math.max(0, p.spendMinor - (state.reversals?.amountMinor ?? 0))
  if (valuation === undefined) return (net * 365) / (Math.max(0, at - p.firstAt) / DAY + 90)
  const { horizon, ...model } = valuation.parameters
  const dayOf = (time: number): number => Math.floor(time / DAY)
  const remembered = new Set(p.recent.map(dayOf))
  const known = new Set([...remembered, dayOf(p.firstAt)]).size
  const days =
    p.count === p.recent.length
      ? remembered.size
      : Math.min(
          dayOf(Math.max(...p.recent)) - dayOf(p.firstAt) + 1,
          Math.max(known, Math.round((remembered.size * p.count) / p.recent.length)),
        )
  const weeksFromFirst = (time: number): number => (dayOf(time) - dayOf(p.firstAt)) / 7
  const history = {
    repeats: days - 1,
    lastWeeks: weeksFromFirst(Math.max(...p.recent)),
    ageWeeks: weeksFromFirst(Math.max(at, ...p.recent)),
    spend: { purchases: days, meanAmount: net / 100 / days },
  }
  return 100 * predictedValue(model, history, horizon)
}
