import type { CustomerState } from '../state/customer-state.ts'
import { createFacts } from './moving-facts.ts'
import { type StillFacts, stillFacts } from './still-facts.ts'

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

export function facts(state: CustomerState, at: number): Facts {
  return createFacts(state, stillFacts(state), at)
}

/** The facts of the same state at another instant. */
export function factsAt({ state, still }: Facts, at: number): Facts {
  return createFacts(state, still, at)
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
