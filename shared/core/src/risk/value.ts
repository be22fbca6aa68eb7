import type { ValueHistory } from '../clv/lifetime-value.ts'
import type { Valuation } from '../clv/valuation.ts'
import type { Facts } from '../features/facts.ts'
import type { CustomerState, PurchaseState } from '../state/customer-state.ts'
import { DAY_MS } from '../time.ts'

const DAYS_A_WEEK = 7

/**
 * What is at stake, minor units: the money to expect of the customer within the valuation's horizon, the chance that they have
 * left already included, since nobody can lose what is gone. Times the risk, this is the order of worklists.
 *
 * A model without a valuation takes net spend at its own pace over a year, shrunk by a quarter of a year without purchases.
 */
export function predictedValueMinor({ state, still, at, tenureDays }: Facts, valuation: Valuation | undefined): number {
  if (still.purchaseCount === 0) return 0
  if (valuation === undefined) return (still.netSpendMinor * 365) / (tenureDays + 90)
  const history = valueHistory(state, at)
  return history === undefined ? 0 : 100 * valuation.predict(history)
}

/**
 * A state as the models of value count, by UTC days; undefined without a purchase. The same as `PurchaseDays` says of the
 * customer's purchases, whose days are all remembered up to RECENT_PURCHASES; of more, days are estimated from the newest.
 * The amounts are net, so that what went back is worth nothing, and those of all days: the first tells of a one-time buyer.
 */
export function valueHistory({ purchases, reversals }: CustomerState, at: number): ValueHistory | undefined {
  if (purchases === undefined) return undefined
  const first = dayOf(purchases.firstAt)
  const days = purchaseDays(purchases, first)
  const netMinor = Math.max(0, purchases.spendMinor - (reversals?.amountMinor ?? 0))
  const lastWeeks = (dayOf(purchases.recent[0]!) - first) / DAYS_A_WEEK
  return {
    repeats: days - 1,
    lastWeeks,
    // Before the newest purchase only where a caller looks back.
    ageWeeks: Math.max(lastWeeks, (dayOf(at) - first) / DAYS_A_WEEK),
    spend: { purchases: days, meanAmount: netMinor / 100 / days },
  }
}

function purchaseDays({ count, recent }: PurchaseState, first: number): number {
  let days = 1
  let day = dayOf(recent[0]!)
  for (let i = 1; i < recent.length; i++) {
    const earlier = dayOf(recent[i]!)
    if (earlier === day) continue
    days++
    day = earlier
  }
  if (count === recent.length) return days
  const known = day > first ? days + 1 : days
  const possible = dayOf(recent[0]!) - first + 1
  return Math.min(possible, Math.max(known, Math.round((days * count) / recent.length)))
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS)
}
