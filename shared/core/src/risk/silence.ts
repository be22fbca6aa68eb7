import type { Facts } from '../features/facts.ts'
import { type MovableFacts, movableFacts, moveFacts } from '../features/moving-facts.ts'
import type { Sight } from '../features/sight.ts'
import { FEATURES, type Vector } from '../features/table.ts'
import { MINUTE_MS, monthIndex, monthStart } from '../time.ts'
import { float32BreadthOf, type RiskModel } from './model.ts'
import { leastBetween, magnitudeAt, mostBetween, type Point, type Polyline, pointAt } from './polyline.ts'
import { polylineOf, type SilentTerms, silentTerms, type Terms } from './silent-terms.ts'

/** The logit of a silent customer at one minute (since 1970; whole but for the newest event's own), and its two moving parts. */
export interface Sample {
  readonly minute: number
  readonly logit: number
  /** See `float32Breadth`. */
  readonly breadth: number
  /** Sums of the terms that rise and of those that fall between month starts. */
  readonly rising: number
  readonly falling: number
  /** Sum of the terms that bend, and the points on their polylines. */
  readonly bending: number
  readonly bends: readonly Point[]
}

/** What a search looks for. */
export interface Target {
  /** Whether the customer is there at this sample. */
  isHit(sample: Sample): boolean
  /** Whether no sample with a logit from `low` to `high` can be a hit. */
  isOut(low: number, high: number): boolean
  /** The logit on the way from a sample that does not hit to one that does from which on it does. */
  edge(from: Sample, to: Sample): number
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
 * Branch and bound: between month starts every moving term is monotone (`Silence`, a tested property of each row), so the
 * sum of those that rise and the sum of those that fall are bounded by their two ends, and with them the logit over the
 * whole interval. The terms over one x that only bend at different knees pull against each other more than all others:
 * their sum is a polyline in x, whose exact range is known. An interval that cannot hit is done; any other is split,
 * earlier part first.
 */
export class SilentLogit {
  private readonly terms: SilentTerms
  /** Room for the facts of a sample, and for its features where they are not still. */
  private readonly facts: MovableFacts
  private readonly vector = new Array<number>(FEATURES.length)
  /** Bias and the terms of the rows that stand still, and the sum of their magnitudes. */
  private readonly still: Sum
  /** The same with those that only step from month to month, in the month of the look. */
  private readonly steppedSeen: Sum
  /** The same in the month of the latest sample. */
  private stepped: Sum
  private steppedMonth: number
  private readonly polylines: readonly Polyline[]
  private samples = 0

  /** The state may have been seen at any instant: only what stands still is taken from there. */
  constructor(
    private readonly seen: Sight,
    model: RiskModel,
  ) {
    const { facts, vector } = seen
    this.terms = silentTerms(model, facts.state)
    this.facts = movableFacts(facts)
    this.still = plus({ logit: model.bias, magnitude: Math.abs(model.bias) }, this.terms.still, vector)
    this.steppedSeen = plus(this.still, this.terms.stepping, vector)
    this.stepped = this.steppedSeen
    this.steppedMonth = facts.month
    this.polylines = this.terms.bending.map((bending) => polylineOf(bending, facts.still))
  }

  sample(minute: number): Sample {
    this.samples++
    const { facts, vector, terms } = this
    const at = minute * MINUTE_MS
    moveFacts(facts, at, monthIndex(at))
    terms.computeMoving(facts, vector)
    if (facts.month !== this.steppedMonth) {
      // What only steps from month to month is computed once a month.
      terms.computeStepping(facts, vector)
      this.stepped = plus(this.still, terms.stepping, vector)
      this.steppedMonth = facts.month
    }
    return this.sampleOf(minute, this.stepped, vector, facts)
  }

  /** The sample of the instant at which the state was seen, for which nothing has to be computed; its minute is the one before. */
  private sampleSeen(): Sample {
    const { facts, vector } = this.seen
    return this.sampleOf(Math.floor(facts.at / MINUTE_MS), this.steppedSeen, vector, facts)
  }

  private sampleOf(minute: number, stepped: Sum, vector: Vector, facts: Facts): Sample {
    const { terms, polylines } = this
    const rising = plus(NOTHING, terms.rising, vector)
    const falling = plus(NOTHING, terms.falling, vector)
    let magnitude = stepped.magnitude + rising.magnitude + falling.magnitude
    const bends = new Array<Point>(polylines.length)
    let bending = 0
    for (let g = 0; g < polylines.length; g++) {
      const point = pointAt(polylines[g]!, terms.bending[g]!.x(facts))
      bends[g] = point
      bending += point.value
      magnitude += magnitudeAt(polylines[g]!, point.x)
    }
    const logit = stepped.logit + (rising.logit + falling.logit + bending)
    const breadth = float32BreadthOf(magnitude)
    return { minute, logit, breadth, rising: rising.logit, falling: falling.logit, bending, bends }
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
      // What follows the instant of the look is bounded by it as well as by its first whole minute.
      const isSeen = lazily && quiet === from - 1 && this.isJustBefore(start)
      const a = isSeen ? this.sampleSeen() : this.sample(start)
      if (!isSeen && target.isHit(a)) return { kind: 'hit', minute: start }
      const found = this.within(a, a.minute < end ? this.sample(end) : a, target, lazily)
      if (found.kind === 'hit' || found.until < end) return found
      quiet = end
      if (lazily && quiet - from >= LONG_QUIET_MINUTES) break
    }
    return { kind: 'quiet', until: quiet }
  }

  /** Between two samples of one month, of which the first does not hit. */
  private within(a: Sample, b: Sample, target: Target, lazily: boolean, aim = FIRST_AIM): Found {
    if (this.isOut(target, a, b)) return { kind: 'quiet', until: b.minute }
    const span = b.minute - a.minute
    if (span <= 1) return target.isHit(b) ? { kind: 'hit', minute: b.minute } : { kind: 'quiet', until: b.minute }
    if (lazily && this.samples >= MOST_SAMPLES) return { kind: 'quiet', until: a.minute }
    const isRough = lazily && span > WORTH_SPLITTING_MINUTES
    // An edge right before a crossing would be an appointment from which the next one is hardly further.
    const middle = this.sample(isRough ? middleOf(a, b) : splitAt(a, b, target, aim))
    const left = this.within(a, middle, target, lazily, nextAim(aim, 'before'))
    if (left.kind === 'hit' || left.until < middle.minute) return left
    if (isRough) return left
    return this.within(middle, b, target, lazily, nextAim(aim, 'behind'))
  }

  /** Whether no minute between two samples of one month can be a hit. */
  private isOut(target: Target, a: Sample, b: Sample): boolean {
    // The slack covers the rounding of sums that should be equal.
    const slack = 1e-9 * (1 + Math.abs(a.logit))
    const straight = a.logit - a.bending
    let low = straight + (b.falling - a.falling) - slack
    let high = straight + (b.rising - a.rising) + slack
    for (let g = 0; g < this.polylines.length; g++) {
      low += leastBetween(this.polylines[g]!, a.bends[g]!, b.bends[g]!)
      high += mostBetween(this.polylines[g]!, a.bends[g]!, b.bends[g]!)
    }
    return target.isOut(low, high)
  }

  /** Whether the state was seen within the minute before, and in the same month. */
  private isJustBefore(minute: number): boolean {
    const { at, month } = this.seen.facts
    return Math.floor(at / MINUTE_MS) === minute - 1 && month === monthIndex(minute * MINUTE_MS)
  }
}

/** Where to split next: on this side of where the crossing should be; every third time in the middle, whatever it looks like. */
interface Aim {
  readonly side: 'before' | 'behind'
  readonly turn: number
}

const FIRST_AIM: Aim = { side: 'before', turn: 0 }
const TURNS = 3

/** A crossing that was aimed at from one side is closed in from the other. */
function nextAim({ turn }: Aim, side: Aim['side']): Aim {
  return { side, turn: (turn + 1) % TURNS }
}

/** How far beside the crossing a split aims, as a share of the interval: what lies before it can then be proven quiet. */
const MARGIN = 1 / 64

/**
 * The minute at which to split an interval that hits at its end at most. Any will do for the proof; the quickest lie right
 * before and right behind the crossing, which regula falsi guesses better the shorter the interval.
 */
function splitAt(a: Sample, b: Sample, target: Target, { side, turn }: Aim): number {
  if (turn === TURNS - 1 || !target.isHit(b)) return middleOf(a, b)
  const span = b.minute - a.minute
  const share = (target.edge(a, b) - a.logit) / (b.logit - a.logit)
  if (!(share > 0 && share < 1)) return middleOf(a, b)
  const minute =
    side === 'before' ? Math.floor(a.minute + span * (share - MARGIN)) : Math.ceil(a.minute + span * (share + MARGIN))
  return Math.min(Math.max(minute, a.minute + 1), b.minute - 1)
}

function middleOf(a: Sample, b: Sample): number {
  return a.minute + ((b.minute - a.minute) >> 1)
}

/** Part of a logit, and the sum of its terms' magnitudes. */
interface Sum {
  readonly logit: number
  readonly magnitude: number
}

const NOTHING: Sum = { logit: 0, magnitude: 0 }

function plus({ logit, magnitude }: Sum, { rows, weights }: Terms, vector: Vector): Sum {
  let sum = logit
  let magnitudes = magnitude
  for (let k = 0; k < rows.length; k++) {
    const term = weights[k]! * vector[rows[k]!]!
    sum += term
    magnitudes += Math.abs(term)
  }
  return { logit: sum, magnitude: magnitudes }
}

function lastMinuteOfMonth(minute: number): number {
  return monthStart(monthIndex(minute * MINUTE_MS) + 1) / MINUTE_MS - 1
}
