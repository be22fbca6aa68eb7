import { DAY_MS } from '../time.ts'
import type { SpendHistory } from './gamma-gamma.ts'
import type { ValueHistory } from './lifetime-value.ts'

const DAYS_A_WEEK = 7

/**
 * One customer's purchases by UTC day, as the models of value count them: several on one day are one purchase of their
 * sum, and the first day tells when the customer came, not how often.
 */
export class PurchaseDays {
  /** Day → amount, minor units. */
  private readonly amountOf = new Map<number, number>()

  add(time: number, amountMinor: number): void {
    const day = Math.floor(time / DAY_MS)
    this.amountOf.set(day, (this.amountOf.get(day) ?? 0) + amountMinor)
  }

  get count(): number {
    return this.amountOf.size
  }

  get spendMinor(): number {
    let total = 0
    for (const amount of this.amountOf.values()) total += amount
    return total
  }

  /** What was known at the end of the day of `at`; undefined before the first purchase. Amounts in whole units. */
  history(at: number): ValueHistory | undefined {
    const today = Math.floor(at / DAY_MS)
    let first = Number.POSITIVE_INFINITY
    let last = Number.NEGATIVE_INFINITY
    let days = 0
    let spent = 0
    for (const [day, amount] of this.amountOf) {
      if (day > today) continue
      days++
      spent += amount
      first = Math.min(first, day)
      last = Math.max(last, day)
    }
    if (days === 0) return undefined
    const repeats = days - 1
    const onRepeats = (spent - this.amountOf.get(first)!) / 100
    return {
      repeats,
      lastWeeks: (last - first) / DAYS_A_WEEK,
      ageWeeks: (today - first) / DAYS_A_WEEK,
      spend: repeats > 0 && onRepeats > 0 ? { purchases: repeats, meanAmount: onRepeats / repeats } : undefined,
    }
  }
  /** Amounts of all days known then, the first included, in whole units; undefined where none cost anything. */
  amounts(at: number): SpendHistory | undefined {
    const today = Math.floor(at / DAY_MS)
    let purchases = 0
    let spent = 0
    for (const [day, amount] of this.amountOf) {
      if (day > today) continue
      purchases++
      spent += amount / 100
    }
    return spent > 0 ? { purchases, meanAmount: spent / purchases } : undefined
  }
  /** Days with a purchase, and their amounts in whole units, after the day of `from` up to and with that of `to`. */
  between(from: number, to: number): { readonly days: number; readonly amount: number } {
    const [after, until] = [Math.floor(from / DAY_MS), Math.floor(to / DAY_MS)]
    let days = 0
    let minor = 0
    for (const [day, amount] of this.amountOf) {
      if (day <= after || day > until) continue
      days++
      minor += amount
    }
    return { days, amount: minor / 100 }
  }
}
