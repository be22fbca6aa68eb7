import { decayFactor } from '../fold/decay.ts'
import { type CustomerState, PURCHASE_HALF_LIVES, SUPPORT_HALF_LIVES } from '../state/customer-state.ts'
import { DAY_MS, HOUR_MS, monthIndex, NEVER } from '../time.ts'

/** Days that stand for a gap between purchases where a customer has only bought once. */
const DEFAULT_GAP_DAYS = 90

/**
 * What the feature table computes from: a state seen at one instant, in days and in units of the base currency's minor
 * unit. A customer without a purchase has no vector of meaning; everything about purchases is 0 then.
 */
export interface Facts {
  readonly state: CustomerState
  readonly at: number
  readonly purchaseCount: number
  /** Days since the newest purchase, never negative. */
  readonly recencyDays: number
  /** Days since the first purchase. */
  readonly tenureDays: number
  readonly daysToSecond: number
  readonly rhythm: Rhythm
  readonly spendMinor: number
  readonly netSpendMinor: number
  /** By PURCHASE_HALF_LIVES, at `at`. */
  readonly decayedCount: readonly number[]
  readonly decayedSpend: readonly number[]
  /** By SUPPORT_HALF_LIVES, at `at`. */
  readonly decayedReversals: readonly number[]
  readonly decayedTickets: readonly number[]
  readonly decayedComplaints: readonly number[]
  readonly decayedEscalations: readonly number[]
  readonly decayedVisits: readonly number[]
  readonly decayedEmail: readonly number[]
  /** Half-life 90 days. */
  readonly decayedDowngrade: number
  readonly decayedPause: number
  readonly decayedCancel: number
  readonly openTickets: number
  /** Mean hours from opening to resolution, 0 where none is known. */
  readonly resolutionHours: number
  /** Days since the newest visit, login or feature use; 0 where there was none. */
  readonly visitRecencyDays: number
  readonly surveysRequested: number
  readonly surveysAnswered: number
}

/** The gaps between purchases, days. The mean is (last - first)/(n - 1); the others are over the newest eight purchases. */
export interface Rhythm {
  readonly known: boolean
  readonly meanGapDays: number
  /** Population standard deviation. */
  readonly gapSpreadDays: number
  readonly largestGapDays: number
  readonly lastGapDays: number
}

const ZEROS_PURCHASE = PURCHASE_HALF_LIVES.map(() => 0)
const ZEROS_SUPPORT = SUPPORT_HALF_LIVES.map(() => 0)
const NO_RHYTHM: Rhythm = {
  known: false,
  meanGapDays: DEFAULT_GAP_DAYS,
  gapSpreadDays: 0,
  largestGapDays: DEFAULT_GAP_DAYS,
  lastGapDays: DEFAULT_GAP_DAYS,
}

export function facts(state: CustomerState, at: number): Facts {
  const { purchases: p, reversals, support, engagement, contract, surveys } = state
  const lastAt = p?.recent[0] ?? NEVER
  return {
    state,
    at,
    purchaseCount: p?.count ?? 0,
    recencyDays: daysSince(lastAt, at),
    tenureDays: daysSince(p?.firstAt ?? NEVER, at),
    daysToSecond: p === undefined || p.secondAt === NEVER ? 0 : (p.secondAt - p.firstAt) / DAY_MS,
    rhythm: rhythmOf(state),
    spendMinor: p?.spendMinor ?? 0,
    netSpendMinor: Math.max(0, (p?.spendMinor ?? 0) - (reversals?.amountMinor ?? 0)),
    decayedCount: decayTo(p?.decayedCount, PURCHASE_HALF_LIVES, lastAt, at) ?? ZEROS_PURCHASE,
    decayedSpend: decayTo(p?.decayedSpend, PURCHASE_HALF_LIVES, lastAt, at) ?? ZEROS_PURCHASE,
    decayedReversals: supportDecay(reversals?.decayedCount, reversals?.lastAt, at),
    decayedTickets: supportDecay(support?.decayedTickets, support?.lastAt, at),
    decayedComplaints: supportDecay(support?.decayedComplaints, support?.lastAt, at),
    decayedEscalations: supportDecay(support?.decayedEscalations, support?.lastAt, at),
    decayedVisits: supportDecay(engagement?.decayedVisits, engagement?.lastAt, at),
    decayedEmail: supportDecay(engagement?.decayedEmail, engagement?.lastAt, at),
    decayedDowngrade: contractDecay(contract?.decayedDowngrade, contract?.lastAt, at),
    decayedPause: contractDecay(contract?.decayedPause, contract?.lastAt, at),
    decayedCancel: contractDecay(contract?.decayedCancel, contract?.lastAt, at),
    openTickets: support === undefined ? 0 : Math.max(0, support.opened + support.reopened - support.resolved),
    resolutionHours:
      support === undefined || support.timedResolutions === 0
        ? 0
        : support.resolutionMs / support.timedResolutions / HOUR_MS,
    visitRecencyDays: daysSince(engagement?.lastVisitAt ?? NEVER, at),
    surveysRequested: (surveys.csat?.requested ?? 0) + (surveys.nps?.requested ?? 0) + (surveys.ces?.requested ?? 0),
    surveysAnswered: (surveys.csat?.responded ?? 0) + (surveys.nps?.responded ?? 0) + (surveys.ces?.responded ?? 0),
  }
}

/** Months with a purchase among the `months` calendar months up to and with the one of `at`. */
export function monthsActive(state: CustomerState, at: number, months: number): number {
  return countMonths(state, monthIndex(at) - months + 1, monthIndex(at))
}

/** Months with a purchase a year before the `months` calendar months that follow the one of `at`. */
export function monthsActiveYearAgo(state: CustomerState, at: number, months: number): number {
  const now = monthIndex(at)
  return countMonths(state, now + 1 - 12, now + months - 12)
}

/** Whether the customer was one a whole year ago, so that season can be seen at all. */
export function knownForAYear(state: CustomerState, at: number): boolean {
  return state.purchases !== undefined && monthIndex(at) - monthIndex(state.purchases.firstAt) >= 12
}

function countMonths(state: CustomerState, from: number, to: number): number {
  const p = state.purchases
  if (p === undefined) return 0
  const anchor = monthIndex(p.recent[0] ?? NEVER)
  let count = 0
  for (let month = from; month <= to; month++) {
    const bit = anchor - month
    if (bit < 0 || bit > 63) continue
    const word = bit < 32 ? p.monthsLow : p.monthsHigh
    count += (word >>> (bit & 31)) & 1
  }
  return count
}

function daysSince(then: number, at: number): number {
  return then === NEVER ? 0 : Math.max(0, at - then) / DAY_MS
}

function decayTo(
  sums: readonly number[] | undefined,
  halfLives: readonly number[],
  from: number,
  at: number,
): readonly number[] | undefined {
  if (sums === undefined) return undefined
  const elapsed = Math.max(0, at - from)
  const moved = new Array<number>(sums.length)
  for (let i = 0; i < sums.length; i++) moved[i] = sums[i]! * decayFactor(halfLives[i]!, elapsed)
  return moved
}

function supportDecay(sums: readonly number[] | undefined, from: number | undefined, at: number): readonly number[] {
  return decayTo(sums, SUPPORT_HALF_LIVES, from ?? NEVER, at) ?? ZEROS_SUPPORT
}

function contractDecay(sum: number | undefined, from: number | undefined, at: number): number {
  return sum === undefined || from === undefined ? 0 : sum * decayFactor(90, Math.max(0, at - from))
}

function rhythmOf(state: CustomerState): Rhythm {
  const p = state.purchases
  if (p === undefined || p.count < 2) return NO_RHYTHM
  const { recent } = p
  const n = recent.length - 1
  const mean = (recent[0]! - recent[n]!) / DAY_MS / n
  let squares = 0
  let largest = 0
  // About the mean: the difference of two large squares would lose the spread of a regular customer in its rounding.
  for (let i = 0; i < n; i++) {
    const gap = (recent[i]! - recent[i + 1]!) / DAY_MS
    squares += (gap - mean) ** 2
    largest = Math.max(largest, gap)
  }
  return {
    known: true,
    meanGapDays: (recent[0]! - p.firstAt) / DAY_MS / (p.count - 1),
    gapSpreadDays: Math.sqrt(squares / n),
    largestGapDays: largest,
    lastGapDays: (recent[0]! - recent[1]!) / DAY_MS,
  }
}
