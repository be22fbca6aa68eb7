import type { Population } from './population.ts'
import type { Rng } from './rng.ts'

/** What nature drew for a customer. Rates are a day. */
export interface Traits {
  readonly purchaseRate: number
  /** Hazard of turning away without any strain. */
  readonly dropoutRate: number
  readonly visitRate: number
  readonly openRate: number
  readonly medianSpendMinor: number
  /** Chance that a purchase leads to a ticket. */
  readonly ticketChance: number
}

export function drawTraits(rng: Rng, population: Population): Traits {
  const { purchases, dropout, visits, opens } = population
  return {
    purchaseRate: rng.gamma(purchases.shape, purchases.meanPerDay),
    dropoutRate: rng.gamma(dropout.shape, dropout.meanPerDay),
    visitRate: rng.gamma(visits.shape, visits.meanPerDay),
    openRate: rng.gamma(opens.shape, opens.meanPerDay),
    medianSpendMinor: 100 * Math.exp(3.7 + 0.6 * rng.normal()),
    ticketChance: Math.min(0.6, rng.gamma(1.5, 0.14)),
  }
}
