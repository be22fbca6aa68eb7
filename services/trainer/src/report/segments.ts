import { FEATURES } from '@holdfast/core'
import type { Snapshot } from '../dataset/rows.ts'
import { featureColumn, type Table } from '../dataset/table.ts'

/** Customers among whom a model may fail though it does well on all. */
export interface Segment {
  readonly name: string
  readonly definition: string
  /** Rows of the snapshot. */
  readonly members: readonly number[]
}

const HIGH_VALUE_SHARE = 0.2

export function segmentsOf(snapshot: Snapshot, horizonDays: number): Segment[] {
  const table = { ...snapshot, features: FEATURES.length }
  const tenure = featureColumn(table, 'logTenure')
  const count = featureColumn(table, 'logCount')
  const spend = featureColumn(table, 'logSpend')
  const where = (is: (i: number) => boolean) => [...snapshot.y.keys()].filter(is)
  const newest = Math.log1p(horizonDays)
  const once = Math.log1p(1) + 1e-6
  const high =
    Float32Array.from(spend).sort()[Math.floor((1 - HIGH_VALUE_SHARE) * spend.length)] ?? Number.POSITIVE_INFINITY
  return [
    {
      name: 'new',
      definition: `first purchase in the last ${horizonDays} days`,
      members: where((i) => tenure[i]! <= newest),
    },
    { name: 'one-time', definition: 'one purchase so far', members: where((i) => count[i]! <= once) },
    { name: 'returning', definition: 'two purchases or more', members: where((i) => count[i]! > once) },
    {
      name: 'high-value',
      definition: `the ${100 * HIGH_VALUE_SHARE} % who spent most`,
      members: where((i) => spend[i]! >= high),
    },
    {
      name: 'not lapsed',
      definition: `a purchase in the last ${horizonDays} days`,
      members: where((i) => snapshot.lapsed[i] === 0),
    },
  ]
}

/** One column of a table, by its place among FEATURES. */
export function columnAt({ x, y, features }: Pick<Table, 'x' | 'y' | 'features'>, column: number): Float32Array {
  const values = new Float32Array(y.length)
  for (let i = 0; i < values.length; i++) values[i] = x[i * features + column]!
  return values
}
