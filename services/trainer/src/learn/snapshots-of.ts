import { FEATURES } from '@holdfast/core'
import type { DatasetRows } from '../dataset/build-rows.ts'
import type { Snapshot } from '../dataset/rows.ts'

const RECENCY = FEATURES.findIndex(({ name }) => name === 'recencyDays')

/** Rows of a dataset by cutoff, in the float32 that the model gets. */
export function snapshotsOf(rows: DatasetRows, horizonDays: number): Snapshot[] {
  const { vectors, labels, customerIds, cutoffs } = rows
  const width = FEATURES.length
  const snapshots: Snapshot[] = []
  for (let from = 0; from < labels.length; ) {
    const cutoff = cutoffs[from]!
    let to = from + 1
    while (to < labels.length && cutoffs[to] === cutoff) to++
    const x = Float32Array.from(vectors.subarray(from * width, to * width))
    const lapsed = Uint8Array.from({ length: to - from }, (_, i) =>
      vectors[(from + i) * width + RECENCY]! >= horizonDays ? 1 : 0,
    )
    snapshots.push({ cutoff, customers: customerIds.slice(from, to), x, y: labels.slice(from, to), lapsed })
    from = to
  }
  return snapshots
}
