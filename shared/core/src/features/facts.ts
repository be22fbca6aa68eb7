import { decayFactor } from '../fold/decay.ts'
import {
  CONTRACT_HALF_LIFE,
  type CustomerState,
  PURCHASE_HALF_LIVES,
  SUPPORT_HALF_LIVES,
} from '../state/customer-state.ts'
import { DAY_MS, HOUR_MS, monthIndex, NEVER } from '../time.ts'

/** Days that stand for a gap between purchases where a customer has only bought once. */
const DEFAULT_GAP_DAYS = 90

/**
 * What the feature table computes from: a state seen at one instant, in days and in units of the base currency's minor
 * unit; `log…` is log1p. A customer without a purchase has no vector of meaning; everything about purchases is 0 then.
 */
export interface Facts {
  readonly state: CustomerState
  readonly at: number
  /** `monthIndex` of `at`. */
  readonly month: number
  readonly still: StillFacts
  /** Days since the newest purchase, never negative. */
  readonly recencyDays: number
  readonly logRecency: number
  /** Days since the first purchase. */
  readonly tenureDays: number
  readonly logTenure: number
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
  /** Days since the newest visit, login or feature use; 0 where there was none. */
  readonly visitRecencyDays: number
}

/** The facts that no silence changes. */
export interface StillFacts {
  readonly purchaseCount: number
  readonly logCount: number
  readonly daysToSecond: number
  readonly rhythm: Rhythm
  /** `monthIndex` of the first and the newest purchase, or NEVER. */
  readonly firstMonth: number
  readonly newestMonth: number
  readonly spendMinor: number
  readonly netSpendMinor: number
  readonly openTickets: number
  /** Mean hours from opening to resolution, 0 where none is known. */
  readonly resolutionHours: number
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
  return seenAt(state, stillFacts(state), at)
}

/** The facts of the same state at another instant. */
export function factsAt({ state, still }: Facts, at: number): Facts {
  return seenAt(state, still, at)
}

function seenAt(state: CustomerState, still: StillFacts, at: number): Facts {
  const { purchases: p, reversals, support, engagement, contract } = state
  const purchaseFactors = p === undefined ? NO_FACTORS : factors(PURCHASE_HALF_LIVES, p.recent[0]!, at)
  const supportFactors = support === undefined ? NO_FACTORS : factors(SUPPORT_HALF_LIVES, support.lastAt, at)
  const engagementFactors = engagement === undefined ? NO_FACTORS : factors(SUPPORT_HALF_LIVES, engagement.lastAt, at)
  const contractFactor = contract === undefined ? 0 : decayFactor(CONTRACT_HALF_LIFE, Math.max(0, at - contract.lastAt))
  const recencyDays = p === undefined ? 0 : daysSince(p.recent[0]!, at)
  const tenureDays = p === undefined ? 0 : daysSince(p.firstAt, at)
  return {
    state,
    at,
    month: monthIndex(at),
    still,
    recencyDays,
    logRecency: Math.log1p(recencyDays),
    tenureDays,
    logTenure: Math.log1p(tenureDays),
    decayedCount: p === undefined ? ZEROS_PURCHASE : times(p.decayedCount, purchaseFactors),
    decayedSpend: p === undefined ? ZEROS_PURCHASE : times(p.decayedSpend, purchaseFactors),
    decayedReversals:
      reversals === undefined
        ? ZEROS_SUPPORT
        : times(reversals.decayedCount, factors(SUPPORT_HALF_LIVES, reversals.lastAt, at)),
    decayedTickets: support === undefined ? ZEROS_SUPPORT : times(support.decayedTickets, supportFactors),
    decayedComplaints: support === undefined ? ZEROS_SUPPORT : times(support.decayedComplaints, supportFactors),
    decayedEscalations: support === undefined ? ZEROS_SUPPORT : times(support.decayedEscalations, supportFactors),
    decayedVisits: engagement === undefined ? ZEROS_SUPPORT : times(engagement.decayedVisits, engagementFactors),
    decayedEmail: engagement === undefined ? ZEROS_SUPPORT : times(engagement.decayedEmail, engagementFactors),
    decayedDowngrade: contract === undefined ? 0 : contract.decayedDowngrade * contractFactor,
    decayedPause: contract === undefined ? 0 : contract.decayedPause * contractFactor,
    decayedCancel: contract === undefined ? 0 : contract.decayedCancel * contractFactor,
    visitRecencyDays: engagement === undefined ? 0 : daysSince(engagement.lastVisitAt, at),
  }
}

function stillFacts(state: CustomerState): StillFacts {
  const { purchases: p, reversals, support, surveys } = state
  return {
    purchaseCount: p?.count ?? 0,
    logCount: Math.log1p(p?.count ?? 0),
    daysToSecond: p === undefined || p.secondAt === NEVER ? 0 : (p.secondAt - p.firstAt) / DAY_MS,
    rhythm: rhythmOf(state),
    firstMonth: p === undefined ? NEVER : monthIndex(p.firstAt),
    newestMonth: p === undefined ? NEVER : monthIndex(p.recent[0]!),
    spendMinor: p?.spendMinor ?? 0,
    netSpendMinor: Math.max(0, (p?.spendMinor ?? 0) - (reversals?.amountMinor ?? 0)),
    openTickets: support === undefined ? 0 : Math.max(0, support.opened + support.reopened - support.resolved),
    resolutionHours:
      support === undefined || support.timedResolutions === 0
        ? 0
        : support.resolutionMs / support.timedResolutions / HOUR_MS,
    surveysRequested: (surveys.csat?.requested ?? 0) + (surveys.nps?.requested ?? 0) + (surveys.ces?.requested ?? 0),
    surveysAnswered: (surveys.csat?.responded ?? 0) + (surveys.nps?.responded ?? 0) + (surveys.ces?.responded ?? 0),
  }
}

/** Months with a purchase among the `months` calendar months up to and with the one of the instant. */
export function monthsActive(seen: Facts, months: number): number {
  return countMonths(seen, seen.month - months + 1, seen.month)
}

/** Months with a purchase a year before the `months` calendar months that follow the one of the instant. */
export function monthsActiveYearAgo(seen: Facts, months: number): number {
  return countMonths(seen, seen.month + 1 - 12, seen.month + months - 12)
}

/** Whether the customer was one a whole year ago, so that season can be seen at all. */
export function knownForAYear({ state, month, still }: Facts): boolean {
  return state.purchases !== undefined && month - still.firstMonth >= 12
}

function countMonths({ state: { purchases: p }, still }: Facts, from: number, to: number): number {
  if (p === undefined) return 0
  let count = 0
  for (let month = from; month <= to; month++) {
    const bit = still.newestMonth - month
    if (bit < 0 || bit > 63) continue
    const word = bit < 32 ? p.monthsLow : p.monthsHigh
    count += (word >>> (bit & 31)) & 1
  }
  return count
}

function daysSince(then: number, at: number): number {
  return then === NEVER ? 0 : Math.max(0, at - then) / DAY_MS
}

const NO_FACTORS: readonly number[] = []

function factors(halfLives: readonly number[], from: number, at: number): readonly number[] {
  const elapsed = Math.max(0, at - from)
  const list = new Array<number>(halfLives.length)
  for (let i = 0; i < list.length; i++) list[i] = decayFactor(halfLives[i]!, elapsed)
  return list
}

function times(sums: readonly number[], by: readonly number[]): readonly number[] {
  const moved = new Array<number>(sums.length)
  for (let i = 0; i < moved.length; i++) moved[i] = sums[i]! * by[i]!
  return moved
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
