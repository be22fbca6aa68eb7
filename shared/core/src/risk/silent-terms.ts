import { type Compute, computing, grouped } from '../features/compute.ts'
import type { Facts } from '../features/facts.ts'
import { isLive, sourcesOf } from '../features/row.ts'
import type { StillFacts } from '../features/still-facts.ts'
import { FEATURES, MOVING, STILL } from '../features/table.ts'
import type { CustomerState } from '../state/customer-state.ts'
import type { RiskModel } from './model.ts'
import { type Polyline, polyline } from './polyline.ts'

/** Some terms w·f of a model's logit: the places of their rows in the table, and their weights. */
export interface Terms {
  readonly rows: readonly number[]
  readonly weights: readonly number[]
}

/** Terms over one x, each w·max(0, x - knee)·times. */
export interface BendingTerms {
  readonly x: (facts: Facts) => number
  readonly knees: readonly number[]
  readonly weights: readonly number[]
  readonly times: readonly ((still: StillFacts) => number)[]
}

/** The polyline that these terms are for one customer. */
export function polylineOf({ knees, weights, times }: BendingTerms, still: StillFacts): Polyline {
  const slopes = new Array<number>(weights.length)
  for (let k = 0; k < slopes.length; k++) slopes[k] = weights[k]! * times[k]!(still)
  return polyline(knees, slopes)
}

/** The terms of a model's logit by what silence does to them; the sign of a weight turns what its row declares. */
export interface SilentTerms {
  readonly rising: Terms
  readonly falling: Terms
  /** Those that only move at the start of a month. */
  readonly stepping: Terms
  readonly still: Terms
  /** Those that bend at a knee, by what they bend. */
  readonly bending: readonly BendingTerms[]
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
  const isBending = (i: number): boolean => FEATURES[i]!.shape?.kind === 'hinge'
  const moving = terms.filter((i) => !steps(i) && !isBending(i))
  const bending = grouped(FEATURES, terms, 'hinge', ({ x }) => x)
  return {
    rising: termsOf(moving.filter(rises)),
    falling: termsOf(moving.filter((i) => !rises(i))),
    stepping: termsOf(stepping),
    still: termsOf(STILL.filter(isTerm)),
    bending: bending.map(({ of, places, shapes }) => ({
      x: of,
      knees: shapes.map(({ knee }) => knee),
      weights: places.map((i) => model.weights[i]!),
      times: shapes.map(({ times }) => times),
    })),
    computeMoving: computing(FEATURES, moving),
    computeStepping: computing(FEATURES, stepping),
  }
}
