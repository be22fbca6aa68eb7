import { FEATURES } from '@holdfast/core'
import type { Snapshot } from './rows.ts'

/** Snapshots stacked into one table, as training and scoring want it. */
export interface Table {
  readonly features: number
  readonly x: Float32Array
  readonly y: Uint8Array
  readonly lapsed: Uint8Array
}

export function stack(snapshots: readonly Snapshot[]): Table {
  const n = snapshots.reduce((sum, { y }) => sum + y.length, 0)
  const table = {
    features: FEATURES.length,
    x: new Float32Array(n * FEATURES.length),
    y: new Uint8Array(n),
    lapsed: new Uint8Array(n),
  }
  let at = 0
  for (const { x, y, lapsed } of snapshots) {
    table.x.set(x, at * FEATURES.length)
    table.y.set(y, at)
    table.lapsed.set(lapsed, at)
    at += y.length
  }
  return table
}

/** Values of the rows that are not lapsed. */
export function notLapsed<T extends Float32Array | Float64Array | Uint8Array>(values: T, lapsed: Uint8Array): T {
  return values.filter((_, i) => lapsed[i] === 0) as T
}

export function featureColumn({ x, y, features }: Pick<Table, 'x' | 'y' | 'features'>, name: string): Float32Array {
  const column = FEATURES.findIndex((row) => row.name === name)
  if (column < 0) throw new RangeError(`the feature table has no row "${name}"`)
  return Float32Array.from(y, (_, i) => x[i * features + column]!)
}
