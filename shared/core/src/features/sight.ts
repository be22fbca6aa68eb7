import type { CustomerState } from '../state/customer-state.ts'
import { type Facts, facts } from './facts.ts'
import { type Vector, vectorOf } from './table.ts'

/** A state seen at one instant: facts and feature vector, computed once for all who need them. */
export interface Sight {
  readonly facts: Facts
  readonly vector: Vector
}

export function see(state: CustomerState, at: number): Sight {
  const seen = facts(state, at)
  return { facts: seen, vector: vectorOf(seen) }
}
