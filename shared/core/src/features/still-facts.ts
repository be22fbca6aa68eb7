import type { CustomerState } from '../state/customer-state.ts'
import { DAY_MS, HOUR_MS, monthIndex, NEVER } from '../time.ts'

/** Days that stand for a gap between purchases where a customer has only bought once. */
const DEFAULT_GAP_DAYS = 90

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

const NO_RHYTHM: Rhythm = {
  known: false,
  meanGapDays: DEFAULT_GAP_DAYS,
  gapSpreadDays: 0,
  largestGapDays: DEFAULT_GAP_DAYS,
  lastGapDays: DEFAULT_GAP_DAYS,
}

export function stillFacts(state: CustomerState): StillFacts {
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
