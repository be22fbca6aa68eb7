import type { CustomerState } from '../state/customer-state.ts'
import { type Facts, facts } from './facts.ts'
import { vectorOf } from './table.ts'

/** A state seen at one instant: facts and feature vector, computed once for all who need them. */
export interface Sight {
  readonly facts: Facts
  /** In the order of FEATURES. */
  readonly vector: Float64Array
}

export function see(state: CustomerState, at: number): Sight {
  const seen = facts(state, at)
  return { facts: seen, vector: vectorOf(seen) }
}
