import { type BgNbd, type BuyingHistory, probabilityAlive, purchasesWhileThere } from './bg-nbd.ts'
import { expectedAmount, type GammaGamma, type SpendHistory } from './gamma-gamma.ts'

/** What is known of a customer for a prediction of value. */
export interface ValueHistory extends BuyingHistory {
  /** Of the repeat purchases; undefined without one that cost something. */
  readonly spend: SpendHistory | undefined
}

export interface ValueModel {
  readonly buying: BgNbd
  readonly spending: GammaGamma
}

export interface Horizon {
  readonly weeks: number
  /** What a unit of money in a year is worth less than today, as a share: 0.1 for 10 %. */
  readonly yearlyDiscount: number
}

const WEEKS_A_YEAR = 365.25 / 7
/** Money comes in at the middle of each step. */
const STEP_WEEKS = 4

/** Average order value × orders a year × years as a customer: 1,000 × 12 × 5 = 60,000. In the unit of the order value. */
export function historicalValue(averageOrder: number, ordersAYear: number, lifetimeYears: number): number {
  return averageOrder * ordersAYear * lifetimeYears
}

/** Purchases to expect within the horizon, each counted at what its money is worth today. */
export function discountedPurchases(model: BgNbd, history: BuyingHistory, horizon: Horizon): number {
  const whileThere = discountedWhileThere(model, history.repeats, model.alpha + history.ageWeeks, horizon)
  return whileThere * probabilityAlive(model, history)
}

/** The same of somebody who has not left yet. @param seenWeeks alpha and the age */
export function discountedWhileThere(
  model: BgNbd,
  repeats: number,
  seenWeeks: number,
  { weeks, yearlyDiscount }: Horizon,
): number {
  if (weeks <= 0) return 0
  if (yearlyDiscount === 0) return purchasesWhileThere(model, repeats, seenWeeks, weeks)
  const steps = Math.ceil(weeks / STEP_WEEKS)
  let total = 0
  let before = 0
  for (let step = 1; step <= steps; step++) {
    const until = (weeks * step) / steps
    const middle = (weeks * (step - 0.5)) / steps
    const expected = purchasesWhileThere(model, repeats, seenWeeks, until)
    total += (expected - before) * (1 + yearlyDiscount) ** (-middle / WEEKS_A_YEAR)
    before = expected
  }
  return total
}

/** Money to expect from a customer within the horizon, worth today, in whole units of the currency. */
export function predictedValue({ buying, spending }: ValueModel, history: ValueHistory, horizon: Horizon): number {
  return discountedPurchases(buying, history, horizon) * expectedAmount(spending, history.spend)
}
