import type { ManifestValue } from '@holdfast/contracts'
import {
  expectedAmount,
  expectedPurchases,
  fitBgNbd,
  fitGammaGamma,
  type PurchaseDays,
  type SpendHistory,
  type ValueHistory,
} from '@holdfast/core'
import { FEWEST_REPEATING } from '../clv.ts'
import { iso } from '../registry/manifest.ts'

/** Value counts a year ahead, at a tenth less for money in a year: as `npx holdfast clv` does unless told otherwise. */
export const VALUE_HORIZON = { horizonDays: 365, yearlyDiscount: 0.1 } as const

/** Seven parameters need no more, and the search goes through all of them a thousand times. */
const MOST_CUSTOMERS = 20_000

/** What the models of value said of the time after they were fitted, which they had not seen, and what came. */
export interface ValueCheck {
  /** ms. */
  readonly from: number
  readonly to: number
  /** Days with a purchase. */
  readonly purchases: { readonly expected: number; readonly came: number }
  /** Whole units of the currency, gross. */
  readonly amount: { readonly expected: number; readonly came: number }
  /** Share of the money that came from the tenth of customers of whom most was expected. */
  readonly fromTopTenth: number
}

export interface FittedCustomerValue {
  readonly value: ManifestValue
  readonly logLikelihood: { readonly bgNbd: number; readonly gammaGamma: number }
  /** Undefined where the log does not reach far enough beyond the fit. */
  readonly check: ValueCheck | undefined
}

/** Either what customers will be worth, or why the model goes without. */
export type CustomerValueFit = FittedCustomerValue | { readonly value: undefined; readonly why: string }

export interface CustomerValueRequest {
  /** Known until `knownUntil`; later ones than `at` are only for the check. */
  readonly purchases: ReadonlyMap<string, PurchaseDays>
  /** Last training cutoff, ms. */
  readonly at: number
  readonly knownUntil: number
  readonly horizonMs: number
}

/**
 * Fits BG/NBD and gamma-gamma to what customers had bought by an instant. A log that does not yield them is no reason not to
 * train: the model then goes without, and the report says why.
 */
export function fitCustomerValue(request: CustomerValueRequest): CustomerValueFit {
  const { at, knownUntil, horizonMs } = request
  const customers = knownAt(request)
  const repeatCustomers = customers.filter(({ history }) => history.repeats > 0).length
  if (repeatCustomers < FEWEST_REPEATING) {
    return without(
      `${repeatCustomers} of ${customers.length} customers had bought again by ${iso(at)}, and ${FEWEST_REPEATING} are needed`,
    )
  }
  const sample = thinned(customers)
  const spends = sample.flatMap(({ amounts }) => amounts ?? [])
  if (spends.length < FEWEST_REPEATING) return without(`only ${spends.length} customers had paid for anything`)
  const buying = fitBgNbd(sample.map(({ history }) => history))
  const spending = fitGammaGamma(spends)
  if (!Number.isFinite(buying.logLikelihood + spending.logLikelihood))
    return without('the purchases have no likelihood')
  if (!buying.converged) return without('the search for the most likely BG/NBD model did not converge')
  if (!spending.converged) return without('the search for the most likely gamma-gamma model did not converge')
  const { r, alpha, a, b } = buying
  const { p, q, gamma } = spending
  // With next to nothing below the fraction of the expected amount, one order would be worth a fortune.
  if (p + q - 1 < p / MOST_STRETCH) return without('what customers pay is too unlike for a gamma-gamma model')
  if (alpha < LEAST_ALPHA) return without(`BG/NBD has no use for time here (alpha ${alpha.toExponential(1)} weeks)`)
  const value: ManifestValue = {
    ...VALUE_HORIZON,
    bgNbd: { r, alpha, a, b },
    gammaGamma: { p, q, gamma },
    fittedAt: iso(at),
    customers: customers.length,
    repeatCustomers,
  }
  return {
    value,
    logLikelihood: { bgNbd: buying.logLikelihood, gammaGamma: spending.logLikelihood },
    check: knownUntil >= at + horizonMs ? checked(value, customers, at, at + horizonMs) : undefined,
  }
}

/** The least that a manifest takes. */
const LEAST_ALPHA = 0.05
/** By how much at most the expected amount may exceed the only one that was seen. */
const MOST_STRETCH = 10

interface Known {
  readonly days: PurchaseDays
  readonly history: ValueHistory
  readonly amounts: SpendHistory | undefined
}

function knownAt({ purchases, at }: CustomerValueRequest): Known[] {
  const known: Known[] = []
  for (const days of purchases.values()) {
    const history = days.history(at)
    if (history !== undefined) known.push({ days, history, amounts: days.amounts(at) })
  }
  return known
}

function thinned<T>(all: readonly T[]): readonly T[] {
  const step = Math.ceil(all.length / MOST_CUSTOMERS)
  return step <= 1 ? all : all.filter((_, i) => i % step === 0)
}

function checked(
  { bgNbd, gammaGamma }: ManifestValue,
  customers: readonly Known[],
  from: number,
  to: number,
): ValueCheck {
  const weeks = (to - from) / (7 * 86_400_000)
  const purchases = { expected: 0, came: 0 }
  const amount = { expected: 0, came: 0 }
  const each = customers.map(({ days, history, amounts }) => {
    const expected = expectedPurchases(bgNbd, history, weeks)
    const worth = expected * expectedAmount(gammaGamma, amounts)
    const came = days.between(from, to)
    purchases.expected += expected
    purchases.came += came.days
    amount.expected += worth
    amount.came += came.amount
    return { worth, came: came.amount }
  })
  each.sort((one, other) => other.worth - one.worth)
  const top = each.slice(0, Math.ceil(each.length / 10)).reduce((sum, { came }) => sum + came, 0)
  return { from, to, purchases, amount, fromTopTenth: amount.came === 0 ? 0 : top / amount.came }
}

function without(why: string): CustomerValueFit {
  return { value: undefined, why }
}
