import type { Snapshot } from '../dataset/rows.ts'

/**
 * At most about `most` rows of the snapshots together, evenly from all. A ridge against the summed log loss is a prior on the
 * weights, so what is best on a part is about best on the whole.
 */
export function thin(snapshots: readonly Snapshot[], most: number): readonly Snapshot[] {
  const rows = snapshots.reduce((sum, { y }) => sum + y.length, 0)
  const step = Math.ceil(rows / most)
  return step <= 1 ? snapshots : snapshots.map((snapshot) => everyNth(snapshot, step))
}

function everyNth({ cutoff, customers, x, y, lapsed }: Snapshot, step: number): Snapshot {
  const kept = [...y.keys()].filter((i) => i % step === 0)
  const width = x.length / Math.max(1, y.length)
  const values = new Float32Array(kept.length * width)
  for (const [row, i] of kept.entries()) values.set(x.subarray(i * width, (i + 1) * width), row * width)
  return {
    cutoff,
    customers: kept.map((i) => customers[i]!),
    x: values,
    y: Uint8Array.from(kept, (i) => y[i]!),
    lapsed: Uint8Array.from(kept, (i) => lapsed[i]!),
  }
}
