import { type CustomerState, FEATURES, featureVector, logitOf, probabilityOf, type RiskModel } from '@holdfast/core'
import { populationStability } from '../report/drift.ts'
import type { TrainingRecord } from '../report/evaluation-report.ts'

/** Population stability index against the training rows: below 0.1 usually nothing, above 0.25 another population. */
export interface Drift {
  readonly customers: number
  /** Of the probabilities. */
  readonly score: number
  /** Largest first. */
  readonly features: readonly { readonly feature: string; readonly psi: number }[]
}

/**
 * How far customers at an instant have moved from those that the model learned from; undefined without a customer. Needs no
 * outcome, so it can be asked of today. Only customers who have bought count: training takes no others.
 *
 * @param states everybody as known at `at`
 * @param at ms
 */
export function measureDrift(
  training: Pick<TrainingRecord, 'features' | 'score'>,
  model: RiskModel,
  states: Iterable<CustomerState>,
  at: number,
): Drift | undefined {
  const columns: number[][] = FEATURES.map(() => [])
  const scores: number[] = []
  for (const state of states) {
    if (state.erased || state.purchases === undefined) continue
    const vector = featureVector(state, at)
    for (const [i, column] of columns.entries()) column.push(Math.fround(vector[i]!))
    scores.push(Math.fround(probabilityOf(logitOf(model, vector))))
  }
  if (scores.length === 0) return undefined
  return {
    customers: scores.length,
    score: populationStability(training.score, scores),
    features: training.features
      .map(({ feature, reference }, i) => ({ feature, psi: populationStability(reference, columns[i]!) }))
      .sort((a, b) => b.psi - a.psi),
  }
}
