import { type CustomerEvent, type CustomerState, FEATURES, featureVector, newestEventAt } from '@holdfast/core'
import { HoldfastError } from '@holdfast/platform'
import { createRepeatWatch } from './duplicates.ts'
import {
  checkRepeats,
  checkStart,
  checkUntil,
  checkWindows,
  endOfDay,
  iso,
  logEmpty,
  nobodyAt,
  tellsOfTheShop,
} from './guard.ts'
import { formatPopulation, isInPopulation, type RowPopulation } from './population.ts'
import { createStatesAt } from './states-at.ts'

export interface RowsRequest {
  /** Instants, ms, in any order. */
  readonly cutoffs: readonly number[]
  /** Churn is no purchase in (cutoff, cutoff + horizon]. */
  readonly horizonMs: number
  /** Everything up to this instant is known, ms, and nothing after it is looked at; by default the end of the newest event's UTC day. */
  readonly until?: number
  /** Default: whoever ever bought. */
  readonly population?: RowPopulation
}

/** One customer at one cutoff: what was known then, and what came of it. */
export interface Row {
  readonly customerId: string
  /** ms */
  readonly cutoff: number
  readonly state: CustomerState
  /** In the order of `FEATURES`. */
  readonly vector: Float64Array
  /** 1: no purchase in (cutoff, cutoff + horizon]. */
  readonly label: 0 | 1
}

/** What went by, for whoever wants to know. */
export interface SnapshotCounts {
  readonly events: number
  /** Dropped by the fold's ring of ids. */
  readonly duplicates: number
  /** Came again beyond the ring's reach, as far as was noticed: counted twice, as the live pipeline would. */
  readonly countedTwice: number
  /** Known only after `until`. */
  readonly afterUntil: number
  readonly customers: number
  /** When the first event became known, ms. */
  readonly firstKnownAt: number | undefined
}

export interface Snapshots {
  add(event: CustomerEvent): void
  counts(): SnapshotCounts
  /** End of what is known, ms: as requested, else the end of the newest event's day. @throws HoldfastError LOG_EMPTY */
  until(): number
  /**
   * The rows, by cutoff and then by customer id; computed as they are asked for. `mayBeEmpty` for a part of a log, such as one
   * partition of several: whether the log as a whole is fit to be learned from is then the caller's to check.
   * @throws HoldfastError LOG_EMPTY, CUTOFF_OUTSIDE_LOG, LABEL_LEAKS_PAST_END, DUPLICATE_IDS, NOBODY_IN_POPULATION
   */
  rows(options?: { readonly mayBeEmpty?: boolean }): Generator<Row>
}

export const FEATURE_NAMES: readonly string[] = FEATURES.map(({ name }) => name)

/**
 * Takes every customer at several cutoffs in one pass over a log: the live pipeline's own fold, fed with what was known at
 * each. Labels go by when purchases happened, however late they became known.
 * @throws HoldfastError CUTOFFS_INVALID, HORIZON_INVALID, LABEL_LEAKS_PAST_END
 */
export function createSnapshots(request: RowsRequest): Snapshots {
  const { horizonMs, population = { kind: 'ever' } } = request
  const cutoffs = checkWindows(request)
  if (request.until !== undefined) checkUntil({ cutoffs, horizonMs }, request.until, 'as given')
  const width = cutoffs.length
  const lastWindowEnd = cutoffs.at(-1)! + horizonMs
  const states = createStatesAt(cutoffs)
  /** By customer and cutoff: 1 where a purchase fell into the window. */
  let bought = new Uint8Array(1 << 16)
  const isRepeated = createRepeatWatch()
  let events = 0
  let duplicates = 0
  let countedTwice = 0
  let twice: string | undefined
  let afterUntil = 0
  let firstKnownAt = Number.POSITIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY

  function add(event: CustomerEvent): void {
    events++
    if (request.until !== undefined && event.knownAt > request.until && event.type !== 'customer.erased') {
      afterUntil++
      return
    }
    if (tellsOfTheShop(event)) {
      if (event.knownAt < firstKnownAt) firstKnownAt = event.knownAt
      if (event.time > newest) newest = event.time
    }
    const repeated = isRepeated(event.idHash)
    const added = states.add(event)
    if (added === 'duplicate') duplicates++
    else if (repeated && added === 'folded') {
      countedTwice++
      twice ??= event.customerId
    }
    if (event.type === 'purchase.completed') label(event.customerId, event.time)
  }

  function label(customerId: string, time: number): void {
    if (time <= cutoffs[0]! || time > lastWindowEnd) return
    const base = states.indexOf(customerId) * width
    if (base + width > bought.length) {
      const grown = new Uint8Array(Math.max(2 * bought.length, base + width))
      grown.set(bought)
      bought = grown
    }
    for (let i = 0; i < width; i++) if (time > cutoffs[i]! && time <= cutoffs[i]! + horizonMs) bought[base + i] = 1
  }

  function until(): number {
    if (newest === Number.NEGATIVE_INFINITY) throw logEmpty(afterUntil > 0 ? ` before ${iso(request.until ?? 0)}` : '')
    return request.until ?? endOfDay(newest)
  }

  function* rows({ mayBeEmpty = false } = {}): Generator<Row> {
    if (!mayBeEmpty) {
      checkUntil({ cutoffs, horizonMs }, until(), 'the end of the newest event’s day')
      checkStart(cutoffs, firstKnownAt)
    }
    checkRepeats(countedTwice, events, twice)
    const customers = [...states.ids()].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [i, cutoff] of cutoffs.entries()) {
      let inAll = 0
      for (const [customerId, index] of customers) {
        const state = states.at(index, i)
        if (!isInPopulation(population, state, cutoff)) continue
        inAll++
        const hasBought = bought[index * width + i] === 1
        yield { customerId, cutoff, state, vector: vectorAt(customerId, state, cutoff), label: hasBought ? 0 : 1 }
      }
      if (inAll === 0 && !mayBeEmpty) throw nobodyAt(cutoff, formatPopulation(population))
    }
  }

  return {
    add,
    until,
    rows,
    counts: () => ({
      events,
      duplicates,
      countedTwice,
      afterUntil,
      customers: states.customers,
      firstKnownAt: Number.isFinite(firstKnownAt) ? firstKnownAt : undefined,
    }),
  }
}

function vectorAt(customerId: string, state: CustomerState, cutoff: number): Float64Array {
  const newest = newestEventAt(state)
  if (newest > cutoff) {
    throw new HoldfastError({
      code: 'LEAKAGE',
      message: `customer ${customerId} at ${iso(cutoff)} knows of an event of ${iso(newest)}`,
      cure: 'this is a defect of the program: please report it.',
    })
  }
  const vector = featureVector(state, cutoff)
  const odd = vector.findIndex((value) => !Number.isFinite(value))
  if (odd < 0) return vector
  throw new HoldfastError({
    code: 'FEATURE_NOT_FINITE',
    message: `feature ${FEATURE_NAMES[odd]} of customer ${customerId} at ${iso(cutoff)} is ${vector[odd]}`,
    cure: 'look at the customer’s events with "npx holdfast inspect"; an amount or a time may be absurd.',
  })
}
