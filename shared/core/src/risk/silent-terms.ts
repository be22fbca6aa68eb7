import { type Compute, computing } from '../features/compute.ts'
import { isLive, sourcesOf } from '../features/row.ts'
import { FEATURES, MOVING, STILL } from '../features/table.ts'
import type { CustomerState } from '../state/customer-state.ts'
import type { RiskModel } from './model.ts'

/** Some terms w·f of a model's logit: the places of their rows in the table, and their weights. */
export interface Terms {
  readonly rows: readonly number[]
  readonly weights: readonly number[]
}

/** The terms of a model's logit by what silence does to them; the sign of a weight turns what its row declares. */
export interface SilentTerms {
  readonly rising: Terms
  readonly falling: Terms
  /** Those that only move at the start of a month. */
  readonly stepping: Terms
  readonly still: Terms
  /** Writes the features of the rising and the falling terms into a vector. */
  readonly computeMoving: Compute
  readonly computeStepping: Compute
}

const BY_MODEL = new WeakMap<RiskModel, SilentTerms[]>()

/** The terms that can be other than 0 in a state, sorted once for each model and each combination of sources. */
export function silentTerms(model: RiskModel, state: CustomerState): SilentTerms {
  let combinations = BY_MODEL.get(model)
  if (combinations === undefined) {
    combinations = []
    BY_MODEL.set(model, combinations)
  }
  const sources = sourcesOf(state)
  combinations[sources] ??= sorted(model, sources)
  return combinations[sources]!
}

function sorted(model: RiskModel, sources: number): SilentTerms {
  const isTerm = (i: number): boolean => model.weights[i] !== 0 && isLive(FEATURES[i]!, sources)
  const termsOf = (rows: readonly number[]): Terms => ({ rows, weights: rows.map((i) => model.weights[i]!) })
  const steps = (i: number): boolean => FEATURES[i]!.silence === 'steps'
  const rises = (i: number): boolean => (FEATURES[i]!.silence === 'rises') === model.weights[i]! > 0
  const terms = MOVING.filter(isTerm)
  const stepping = terms.filter(steps)
  const moving = terms.filter((i) => !steps(i))
  return {
    rising: termsOf(moving.filter(rises)),
    falling: termsOf(moving.filter((i) => !rises(i))),
    stepping: termsOf(stepping),
    still: termsOf(STILL.filter(isTerm)),
    computeMoving: computing(FEATURES, moving),
    computeStepping: computing(FEATURES, stepping),
  }
}
