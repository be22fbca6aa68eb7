import type { Valuation } from '../clv/valuation.ts'
import { FEATURE_GROUPS, type FeatureGroup } from '../features/row.ts'
import { FEATURES, type Vector } from '../features/table.ts'

/**
 * A trained logistic model in plain arithmetic: the same weights as the TensorFlow.js model beside it, for reasons and for
 * the search over time. Every probability that is kept or published comes from the TensorFlow.js model.
 */
export interface RiskModel {
  readonly version: string
  readonly learnedFrom: 'generated-shop' | 'log'
  /** Churn is no purchase within this span, ms. */
  readonly horizonMs: number
  /** Weights of raw features (standardisation folded in), in the order of FEATURES. */
  readonly weights: Float64Array
  readonly bias: number
  /** Means of the features over the training rows: reasons are told against the average customer. */
  readonly means: Float64Array
  /** Logits from which a customer counts as `watch` and `at_risk`. */
  readonly watchLogit: number
  readonly atRiskLogit: number
  /** How far below its threshold, as a logit, a band is left: a customer on the line does not flap. */
  readonly hysteresisLogit: number
  /** What customers will be worth; none in models that were trained before there was one, or on too little. */
  readonly valuation?: Valuation | undefined
}

export function logitOf(model: RiskModel, vector: Vector): number {
  let logit = model.bias
  for (let i = 0; i < vector.length; i++) logit += model.weights[i]! * vector[i]!
  return logit
}

/**
 * How far a float32 evaluation of the logit may lie from this arithmetic: (n + 2)·2⁻²⁴·Σ|w·x|, the bound on the rounding of
 * the inputs, the products and their sum (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., §3.1).
 */
export function float32Breadth(model: RiskModel, vector: Vector): number {
  let magnitude = Math.abs(model.bias)
  for (let i = 0; i < vector.length; i++) magnitude += Math.abs(model.weights[i]! * vector[i]!)
  return float32BreadthOf(magnitude)
}

/** `float32Breadth` from Σ|w·x| over all features and the bias. */
export function float32BreadthOf(magnitude: number): number {
  return (FEATURES.length + 2) * 2 ** -24 * magnitude
}

export function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** What one group of features adds to the logit against the average customer. */
export interface Contribution {
  readonly group: FeatureGroup
  readonly logit: number
}

/** Place of each feature's group among FEATURE_GROUPS. */
const GROUP_OF = FEATURES.map(({ group }) => FEATURE_GROUPS.indexOf(group))

/**
 * Exact contributions w·(x - mean) by group, largest first. They add up: `logitOf` = logit of the average vector + their sum.
 */
export function contributions(model: RiskModel, vector: Vector): readonly Contribution[] {
  const logits = groupLogits(model, vector)
  return FEATURE_GROUPS.map((group, i) => ({ group, logit: logits[i]! })).sort((a, b) => b.logit - a.logit)
}

/** The same in the order of FEATURE_GROUPS. */
export function groupLogits(model: RiskModel, vector: Vector): number[] {
  const logits = new Array<number>(FEATURE_GROUPS.length).fill(0)
  for (let i = 0; i < vector.length; i++) logits[GROUP_OF[i]!]! += model.weights[i]! * (vector[i]! - model.means[i]!)
  return logits
}
