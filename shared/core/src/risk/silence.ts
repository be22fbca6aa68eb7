import { factsAt } from '../features/facts.ts'
import type { Sight } from '../features/sight.ts'
import { FEATURES, MOVING, STILL } from '../features/table.ts'
import { MINUTE_MS, monthIndex, monthStart } from '../time.ts'
import { float32BreadthOf, type RiskModel } from './model.ts'

/** The logit of a silent customer at one minute (since 1970; whole but for the newest event's own), with the terms that it is the sum of. */
export interface Sample {
  readonly minute: number
  readonly logit: number
  /** See `float32Breadth`. */
  readonly breadth: number
  /** w·f of each row that moves in silence, in the order of MOVING. */
  readonly terms: readonly number[]
}

/** What a search looks for. */
export interface Target {
  /** Whether the customer is there at this sample. */
  isHit(sample: Sample): boolean
  /** Whether no sample with a logit from `low` to `high` can be a hit. */
  isOut(low: number, high: number): boolean
}

/** First minute that hits; or up to which minute there is none, of which the search may stop short of its end. */
export type Found =
  | { readonly kind: 'hit'; readonly minute: number }
  | { readonly kind: 'quiet'; readonly until: number }

/** A lazy search is content with a proven quiet stretch of this length; until it has one it goes on to the next month. */
const LONG_QUIET_MINUTES = 7 * 24 * 60

/** Below this span a search no longer stops at a proven edge but finds the minute. */
const WORTH_SPLITTING_MINUTES = 24 * 60

/**
 * Samples after which a search stops at what it has proven. A crossing takes some tens; only a logit that lies along a
 * threshold within rounding takes more.
 */
const MOST_SAMPLES = 500

/**
 * The logit of one customer while no event arrives, and an exact search for the first minute at which it meets a target.
 *
 * Branch and bound: between month starts every moving term is monotone (`Silence`, a tested property of each row), so its
 * two ends bound it, and the sum of bounds bounds the logit over the whole interval. An interval that cannot hit is done;
 * any other is halved, earlier half first.
 */
export class SilentLogit {
  /** Bias and the terms of the rows that stand still, and the sum of their magnitudes. */
  private readonly stillLogit: number
  private readonly stillMagnitude: number
  private samples = 0

  /** The state may have been seen at any instant: only what stands still is taken from there. */
  constructor(
    private readonly seen: Sight,
    private readonly model: RiskModel,
  ) {
    const { vector } = seen
    let logit = model.bias
    let magnitude = Math.abs(model.bias)
    for (const i of STILL) {
      const term = model.weights[i]! * vector[i]!
      logit += term
      magnitude += Math.abs(term)
    }
    this.stillLogit = logit
    this.stillMagnitude = magnitude
  }

  sample(minute: number): Sample {
    this.samples++
    const seen = factsAt(this.seen.facts, minute * MINUTE_MS)
    const { weights } = this.model
    const terms = new Array<number>(MOVING.length)
    let logit = this.stillLogit
    let magnitude = this.stillMagnitude
    for (let k = 0; k < MOVING.length; k++) {
      const i = MOVING[k]!
      const term = weights[i]! * FEATURES[i]!.of(seen)
      terms[k] = term
      logit += term
      magnitude += Math.abs(term)
    }
    return { minute, logit, breadth: float32BreadthOf(magnitude), terms }
  }

  /** The sample of the instant at which the state was seen, for which nothing has to be computed. */
  private sampleSeen(): Sample {
    const { vector, facts } = this.seen
    const terms = new Array<number>(MOVING.length)
    let logit = this.stillLogit
    let magnitude = this.stillMagnitude
    for (let k = 0; k < MOVING.length; k++) {
      const term = this.model.weights[MOVING[k]!]! * vector[MOVING[k]!]!
      terms[k] = term
      logit += term
      magnitude += Math.abs(term)
    }
    return { minute: facts.at / MINUTE_MS, logit, breadth: float32BreadthOf(magnitude), terms }
  }

  /**
   * First hit in whole minutes from `from` to `to`, both included. With `lazily` it may stop at the edge of a proven quiet
   * interval whose successor is not yet worth splitting; that edge is always `from` or later.
   */
  first(from: number, to: number, target: Target, lazily: boolean): Found {
    this.samples = 0
    let quiet = from - 1
    while (quiet < to) {
      const start = quiet + 1
      const end = Math.min(to, lastMinuteOfMonth(start))
      // The minutes that follow the instant of the look are bounded by it as well as by their own first one.
      if (lazily && quiet === from - 1 && this.isJustBefore(start)) {
        const b = this.sample(end)
        if (!target.isHit(b) && target.isOut(...this.bounds(this.sampleSeen(), b))) {
          quiet = end
          if (quiet - from >= LONG_QUIET_MINUTES) break
          continue
        }
      }
      const a = this.sample(start)
      if (target.isHit(a)) return { kind: 'hit', minute: start }
      const found =
        end === start ? { kind: 'quiet' as const, until: end } : this.within(a, this.sample(end), target, lazily)
      if (found.kind === 'hit' || found.until < end) return found
      quiet = end
      if (lazily && quiet - from >= LONG_QUIET_MINUTES) break
    }
    return { kind: 'quiet', until: quiet }
  }

  /** Between two samples of one month, of which the first does not hit. */
  private within(a: Sample, b: Sample, target: Target, lazily: boolean): Found {
    if (target.isOut(...this.bounds(a, b))) return { kind: 'quiet', until: b.minute }
    const span = b.minute - a.minute
    if (span <= 1) return target.isHit(b) ? { kind: 'hit', minute: b.minute } : { kind: 'quiet', until: b.minute }
    if (lazily && this.samples >= MOST_SAMPLES) return { kind: 'quiet', until: a.minute }
    const middle = this.sample(a.minute + (span >> 1))
    const left = this.within(a, middle, target, lazily)
    if (left.kind === 'hit' || left.until < middle.minute) return left
    if (lazily && span > WORTH_SPLITTING_MINUTES) return left
    return this.within(middle, b, target, lazily)
  }

  /** Whether the state was seen within the minute before, and in the same month. */
  private isJustBefore(minute: number): boolean {
    const { at, month } = this.seen.facts
    return Math.floor(at / MINUTE_MS) === minute - 1 && month === monthIndex(minute * MINUTE_MS)
  }

  private bounds(a: Sample, b: Sample): [low: number, high: number] {
    let rise = 0
    let fall = 0
    for (let k = 0; k < a.terms.length; k++) {
      const change = b.terms[k]! - a.terms[k]!
      if (change > 0) rise += change
      else fall += change
    }
    // The slack covers the rounding of sums that should be equal.
    const slack = 1e-9 * (1 + Math.abs(a.logit))
    return [a.logit + fall - slack, a.logit + rise + slack]
  }
}

function lastMinuteOfMonth(minute: number): number {
  return monthStart(monthIndex(minute * MINUTE_MS) + 1) / MINUTE_MS - 1
}
