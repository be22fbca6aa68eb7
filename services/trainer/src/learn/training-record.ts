import { FEATURES } from '@holdfast/core'
import type { Backend } from '@holdfast/scorer'
import type { Table } from '../dataset/table.ts'
import { scoreSnapshot } from '../fit/select.ts'
import { fitSimpleModels } from '../report/baselines.ts'
import { referenceOf } from '../report/drift.ts'
import type { Coefficient, TrainingRecord } from '../report/evaluation-report.ts'
import { columnAt } from '../report/segments.ts'
import type { Trained } from './learn.ts'
import { standardErrors } from './uncertainty.ts'

/** What of the training rows is kept beside the model, once they are gone. */
export function recordTraining(
  backend: Backend,
  table: Table,
  { fit, ridge, weights, platt }: Pick<Trained, 'fit' | 'ridge' | 'weights' | 'platt'>,
): TrainingRecord {
  const errors = standardErrors(fit, table.x, table.y.length, ridge)
  const { slope } = platt.step
  const coefficients = FEATURES.map(({ name }, j): Coefficient => {
    const weight = slope * fit.standardised.weights[j]!
    const spread = 1.96 * Math.abs(slope) * errors[j]!
    return { feature: name, weight, low: weight - spread, high: weight + spread }
  })
  return {
    simple: fitSimpleModels(backend, table),
    coefficients,
    features: FEATURES.map(({ name }, j) => ({ feature: name, reference: referenceOf(columnAt(table, j)) })),
    score: referenceOf(scoreSnapshot(backend, weights, table).probabilities),
  }
}
