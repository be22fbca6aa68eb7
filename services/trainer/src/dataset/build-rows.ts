import type { CustomerEvent } from '@holdfast/core'
import { createSnapshots, FEATURE_NAMES, type RowsRequest } from './snapshots.ts'

/** Rows for training, by cutoff and then by customer id. */
export interface DatasetRows {
  readonly featureNames: readonly string[]
  /** n × f, row-major. */
  readonly vectors: Float64Array
  /** 1: churned. */
  readonly labels: Uint8Array
  readonly customerIds: readonly string[]
  /** ms, one a row. */
  readonly cutoffs: Float64Array
  /** The end of what is known, ms: as asked, else the end of the newest event's UTC day. */
  readonly until: number
}

export interface BuildRowsRequest extends RowsRequest {
  /** In any order. */
  readonly events: AsyncIterable<CustomerEvent> | Iterable<CustomerEvent>
}

/**
 * Point-in-time rows in one pass over a log, in memory.
 * @throws HoldfastError LOG_EMPTY, CUTOFFS_INVALID, HORIZON_INVALID, CUTOFF_OUTSIDE_LOG, LABEL_LEAKS_PAST_END, DUPLICATE_IDS,
 *   NOBODY_IN_POPULATION, FEATURE_NOT_FINITE
 */
export async function buildRows({ events, ...request }: BuildRowsRequest): Promise<DatasetRows> {
  const snapshots = createSnapshots(request)
  for await (const event of events) snapshots.add(event)

  const width = FEATURE_NAMES.length
  let vectors = new Float64Array(1024 * width)
  const labels: number[] = []
  const customerIds: string[] = []
  const cutoffs: number[] = []
  for (const row of snapshots.rows()) {
    const at = labels.length * width
    if (at + width > vectors.length) {
      const grown = new Float64Array(2 * vectors.length)
      grown.set(vectors)
      vectors = grown
    }
    vectors.set(row.vector, at)
    labels.push(row.label)
    customerIds.push(row.customerId)
    cutoffs.push(row.cutoff)
  }
  return {
    featureNames: FEATURE_NAMES,
    vectors: vectors.subarray(0, labels.length * width),
    labels: Uint8Array.from(labels),
    customerIds,
    cutoffs: Float64Array.from(cutoffs),
    until: snapshots.until(),
  }
}
