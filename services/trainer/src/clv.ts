import {
  type BgNbdFit,
  expectedPurchases,
  fitBgNbd,
  fitGammaGamma,
  type GammaGammaFit,
  type Horizon,
  historicalValue,
  PurchaseDays,
  predictedValue,
  probabilityAlive,
  type ValueHistory,
} from '@holdfast/core'
import { checkStart, logEmpty } from './dataset/guard.ts'
import { TrainerError } from './errors.ts'
import type { EventSource } from './source/event-source.ts'

const DAYS_A_YEAR = 365.25

export interface ValueRequest {
  readonly source: EventSource
  /** ms. Only what was known then counts. */
  readonly at: number
  readonly horizonDays: number
  /** What money in a year is worth less than today, as a share. */
  readonly yearlyDiscount: number
  /** How long a customer stays, for the historical value; as long as each has been one so far unless given. */
  readonly lifetimeYears?: number
}

/** Money in whole units of the base currency. */
export interface CustomerValue {
  readonly customerId: string
  /** Days with a purchase. */
  readonly purchaseDays: number
  readonly averageOrder: number
  readonly probabilityAlive: number
  readonly expectedPurchases: number
  /** Average order × purchases a year × lifetime. */
  readonly historicalValue: number
  readonly predictedValue: number
}

export interface FittedValue {
  readonly buying: BgNbdFit
  readonly spending: GammaGammaFit
  readonly customers: number
  readonly repeatCustomers: number
  /** By customer id; computed as they are asked for. */
  values(): Generator<CustomerValue>
}

/** With fewer customers who came back, four parameters of buying and three of spending say nothing. */
export const FEWEST_REPEATING = 30

/**
 * Fits both models to what was known of everybody at an instant.
 * @throws HoldfastError LOG_EMPTY, CUTOFF_OUTSIDE_LOG; TrainerError `too_little_data`
 */
export async function fitValue(request: ValueRequest): Promise<FittedValue> {
  const { source, at, horizonDays, yearlyDiscount } = request
  const customers = await readPurchaseDays(source, at)
  const histories = customers.map(({ history }) => history)
  const spends = histories.flatMap(({ spend }) => spend ?? [])
  if (spends.length < FEWEST_REPEATING) {
    throw new TrainerError(
      'too_little_data',
      `only ${spends.length} of ${customers.length} customers had bought again and paid for it by ${new Date(at).toISOString()}; predicting value needs ${FEWEST_REPEATING}: take a later instant or a longer log`,
    )
  }
  const buying = fitBgNbd(histories)
  const spending = fitGammaGamma(spends)
  const horizon: Horizon = { weeks: horizonDays / 7, yearlyDiscount }

  function* values(): Generator<CustomerValue> {
    for (const { customerId, history, spent } of customers) {
      const purchaseDays = history.repeats + 1
      const averageOrder = spent / purchaseDays
      // A customer of today has been one for a day.
      const years = Math.max(history.ageWeeks * 7, 1) / DAYS_A_YEAR
      yield {
        customerId,
        purchaseDays,
        averageOrder,
        probabilityAlive: probabilityAlive(buying, history),
        expectedPurchases: expectedPurchases(buying, history, horizon.weeks),
        historicalValue: historicalValue(averageOrder, purchaseDays / years, request.lifetimeYears ?? years),
        predictedValue: predictedValue({ buying, spending }, history, horizon),
      }
    }
  }
  return { buying, spending, customers: customers.length, repeatCustomers: spends.length, values }
}

interface Known {
  readonly customerId: string
  readonly history: ValueHistory
  /** Gross, whole units. */
  readonly spent: number
}

/** What the models of value need, of everybody who had bought by an instant and was not erased, by customer id. */
async function readPurchaseDays(source: EventSource, at: number): Promise<Known[]> {
  const days = new Map<string, PurchaseDays>()
  const erased = new Set<string>()
  let firstKnownAt = Number.POSITIVE_INFINITY
  for await (const event of source) {
    firstKnownAt = Math.min(firstKnownAt, event.knownAt)
    if (event.type === 'customer.erased') erased.add(event.customerId)
    else if (event.type === 'purchase.completed' && event.knownAt <= at) addTo(days, event)
  }
  if (source.counts().events === 0) throw logEmpty('')
  checkStart([at], firstKnownAt)
  return [...days]
    .filter(([customerId]) => !erased.has(customerId))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([customerId, purchases]) => {
      const history = purchases.history(at)
      return history === undefined ? [] : [{ customerId, history, spent: purchases.spendMinor / 100 }]
    })
}

/** Adds a purchase to the days of its customer. */
export function addTo(
  days: Map<string, PurchaseDays>,
  { customerId, time, amountMinor }: { customerId: string; time: number; amountMinor: number },
): void {
  let purchases = days.get(customerId)
  if (purchases === undefined) {
    purchases = new PurchaseDays()
    days.set(customerId, purchases)
  }
  purchases.add(time, amountMinor)
}
