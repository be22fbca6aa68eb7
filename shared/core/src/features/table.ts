import type { CustomerState } from '../state/customer-state.ts'
import { BUYING } from './buying.ts'
import { computing } from './compute.ts'
import { type Facts, facts } from './facts.ts'
import { MONEY } from './money.ts'
import { RELATION } from './relation.ts'
import type { FeatureRow } from './row.ts'

/** Moves with any change of a name, a formula or the order of rows: a model only fits the table that it was trained on. */
export const FEATURE_TABLE_VERSION = 1

/** The feature table: the order of rows is the order of every vector and of every model's weights. */
export const FEATURES: readonly FeatureRow[] = [...BUYING, ...MONEY, ...RELATION]

/** Rows that move in silence, by index: the others need no second look in a search over time. */
export const MOVING: readonly number[] = FEATURES.flatMap((row, i) => (row.silence === 'constant' ? [] : [i]))

/** The others. */
export const STILL: readonly number[] = FEATURES.flatMap((row, i) => (row.silence === 'constant' ? [i] : []))

const computeAll = computing(FEATURES, [...FEATURES.keys()])

/** A number for each row of the feature table, in its order. */
export type Vector = ArrayLike<number>

/** The features of a state at an instant. */
export function featureVector(state: CustomerState, at: number): Float64Array {
  return Float64Array.from(vectorOf(facts(state, at)))
}

/** The features of a state as it was seen. */
export function vectorOf(seen: Facts): Vector {
  // A plain array lives and dies among the young objects; a typed one of this size is allocated apart.
  const vector = new Array<number>(FEATURES.length)
  computeAll(seen, vector)
  return vector
}
