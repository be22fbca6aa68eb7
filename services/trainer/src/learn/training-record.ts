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
  whole: Table,
  { fit, ridge, weights, platt }: Pick<Trained, 'fit' | 'ridge' | 'weights' | 'platt'>,
): TrainingRecord {
  const errors = standardErrors(fit, whole.x, whole.y.length, ridge)
  const table = sampled(whole)
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

/** Shares to a hundredth and one line of recency need no more rows. */
const MOST_ROWS = 20_000

function sampled({ x, y, lapsed, features }: Table): Table {
  const step = Math.max(1, Math.ceil(y.length / MOST_ROWS))
  const rows = Math.ceil(y.length / step)
  const values = new Float32Array(rows * features)
  for (let row = 0; row < rows; row++) {
    values.set(x.subarray(row * step * features, (row * step + 1) * features), row * features)
  }
  const pick = (source: Uint8Array) => Uint8Array.from({ length: rows }, (_, row) => source[row * step]!)
  return { features, x: values, y: pick(y), lapsed: pick(lapsed) }
}
