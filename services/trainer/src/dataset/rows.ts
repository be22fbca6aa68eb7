import { type CustomerEvent, type CustomerState, EMPTY_STATE, FEATURES, featureVector, fold } from '@holdfast/core'
import { TrainerError } from '../errors.ts'

/** Every customer of the population at one instant: what was known then, and what came of it. */
export interface Snapshot {
  /** ms. */
  readonly cutoff: number
  readonly customers: readonly string[]
  /** Feature vectors, row-major, `customers.length × features`, in the float32 that the model gets. */
  readonly x: Float32Array
  /** 1: no purchase in (cutoff, cutoff + horizon]. */
  readonly y: Uint8Array
  /** 1: at the cutoff already without a purchase for the horizon, so in the band `lapsed` whatever the model says. */
  readonly lapsed: Uint8Array
}

/** Who is in the population at an instant; by default whoever has bought. */
export type Population = (state: CustomerState, at: number) => boolean

export interface RowsRequest {
  /** In the order in which they became known (`knownAt`). */
  readonly events: Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>
  /** ms, ascending. */
  readonly cutoffs: readonly number[]
  readonly horizonMs: number
  readonly population?: Population
  /** Until when the log is complete, ms; the newest event's `knownAt` unless given. */
  readonly logEnd?: number
}

interface Customer {
  readonly id: string
  state: CustomerState
  readonly purchaseTimes: number[]
}

interface Members {
  readonly cutoff: number
  readonly customers: readonly Customer[]
  readonly x: Float32Array
  readonly lapsed: Uint8Array
}

export const hasBought: Population = (state) => state.purchases !== undefined

/**
 * Point-in-time training rows in one pass over the log: the live pipeline's own fold, stopped at each cutoff. A row holds
 * only what was *known* at its cutoff; its label is by when purchases *happened*, however late they became known. Rows of
 * customers who were erased later are left out.
 *
 * @throws TrainerError `out_of_order`; `window_past_end` when the log ends before a cutoff's horizon does, so that silence
 *   would be mistaken for churn
 */
export async function buildRows(request: RowsRequest): Promise<Snapshot[]> {
  const { events, cutoffs, horizonMs, population = hasBought } = request
  const customers = new Map<string, Customer>()
  const taken: Members[] = []
  let newest = Number.NEGATIVE_INFINITY

  for await (const event of events) {
    if (event.knownAt < newest) throw outOfOrder(event, newest)
    newest = event.knownAt
    while (taken.length < cutoffs.length && cutoffs[taken.length]! < newest) {
      taken.push(takeSnapshot(customers.values(), cutoffs[taken.length]!, horizonMs, population))
    }
    let customer = customers.get(event.customerId)
    if (customer === undefined) {
      customer = { id: event.customerId, state: EMPTY_STATE, purchaseTimes: [] }
      customers.set(event.customerId, customer)
    }
    customer.state = fold(customer.state, event)
    if (event.type === 'purchase.completed') customer.purchaseTimes.push(event.time)
  }

  const logEnd = request.logEnd ?? newest
  const unseen = cutoffs.find((cutoff) => cutoff + horizonMs > logEnd)
  if (unseen !== undefined) {
    throw new TrainerError(
      'window_past_end',
      `the horizon after ${iso(unseen)} ends on ${iso(unseen + horizonMs)}, but the log on ${iso(logEnd)}: silence there would be taken for churn; use earlier cutoffs`,
    )
  }
  return taken.map((members) => label(members, horizonMs))
}

function takeSnapshot(
  everyone: Iterable<Customer>,
  cutoff: number,
  horizonMs: number,
  population: Population,
): Members {
  const customers: Customer[] = []
  for (const customer of everyone) {
    if (!customer.state.erased && population(customer.state, cutoff)) customers.push(customer)
  }
  const x = new Float32Array(customers.length * FEATURES.length)
  const lapsed = new Uint8Array(customers.length)
  for (const [i, { state }] of customers.entries()) {
    x.set(featureVector(state, cutoff), i * FEATURES.length)
    const lastPurchase = state.purchases?.recent[0]
    lapsed[i] = lastPurchase !== undefined && lastPurchase + horizonMs <= cutoff ? 1 : 0
  }
  return { cutoff, customers, x, lapsed }
}

function label({ cutoff, customers, x, lapsed }: Members, horizonMs: number): Snapshot {
  const kept = [...customers.keys()].filter((i) => !customers[i]!.state.erased)
  const width = FEATURES.length
  const rows = new Float32Array(kept.length * width)
  for (const [row, i] of kept.entries()) rows.set(x.subarray(i * width, (i + 1) * width), row * width)
  const bought = (time: number) => time > cutoff && time <= cutoff + horizonMs
  return {
    cutoff,
    customers: kept.map((i) => customers[i]!.id),
    x: rows,
    y: Uint8Array.from(kept, (i) => (customers[i]!.purchaseTimes.some(bought) ? 0 : 1)),
    lapsed: Uint8Array.from(kept, (i) => lapsed[i]!),
  }
}

function outOfOrder(event: CustomerEvent, newest: number): TrainerError {
  return new TrainerError(
    'out_of_order',
    `${event.type} of ${event.customerId} became known on ${iso(event.knownAt)}, after an event known on ${iso(newest)} was read: sort the log by knownAt`,
  )
}

function iso(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : 'no date (the log is empty)'
}
