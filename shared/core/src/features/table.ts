import type { CustomerState } from '../state/customer-state.ts'
import { BUYING } from './buying.ts'
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

/** The features of a state at an instant, in the order of `FEATURES`. */
export function featureVector(state: CustomerState, at: number): Float64Array {
  return vectorOf(facts(state, at))
}

/** The features of a state as it was seen. */
export function vectorOf(seen: Facts): Float64Array {
  const vector = new Float64Array(FEATURES.length)
  for (let i = 0; i < FEATURES.length; i++) vector[i] = FEATURES[i]!.of(seen)
  return vector
}
