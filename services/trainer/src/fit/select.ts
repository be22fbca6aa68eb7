import {
  type Backend,
  createLogisticModel,
  createScorer,
  fitLogistic,
  type LogisticFit,
  type Scores,
} from '@holdfast/scorer'
import type { Snapshot } from '../dataset/rows.ts'
import { notLapsed, stack, type Table } from '../dataset/table.ts'
import { auc, logLoss } from '../metrics/index.ts'

/** Rows of lapsed customers count less: their band follows from the rule, the model decides the others'. */
export interface FitSettings {
  /** From strong to weak; each starts where the last one ended. */
  readonly ridges: readonly number[]
  readonly lapsedWeight: number
}

export interface RidgeTrial {
  readonly ridge: number
  /** On the later window, customers who are not lapsed. */
  readonly logLoss: number
  readonly auc: number
  readonly iterations: number
  readonly converged: boolean
}

export interface Selection {
  readonly ridge: number
  readonly trials: readonly RidgeTrial[]
  /** What the chosen ridge's model says of the validation snapshot. */
  readonly validation: Scores
}

/** Chooses the ridge with the least log loss on a window later than all that the candidates learned from. */
export function selectRidge(
  backend: Backend,
  training: readonly Snapshot[],
  validation: Snapshot,
  { ridges, lapsedWeight }: FitSettings,
): Selection {
  const table = stack(training)
  const trials: (RidgeTrial & { scores: Scores })[] = []
  let start: LogisticFit['standardised'] | undefined
  for (const ridge of ridges) {
    const fit = fitTable(backend, table, ridge, lapsedWeight, start)
    start = fit.standardised
    const scores = scoreSnapshot(backend, fit, validation)
    const labels = notLapsed(validation.y, validation.lapsed)
    trials.push({
      ridge,
      logLoss: logLoss(notLapsed(scores.probabilities, validation.lapsed), labels),
      auc: auc(notLapsed(scores.logits, validation.lapsed), labels),
      iterations: fit.iterations,
      converged: fit.converged,
      scores,
    })
  }
  const best = trials.reduce((a, b) => (b.logLoss < a.logLoss ? b : a))
  return {
    ridge: best.ridge,
    trials: trials.map(({ scores: _, ...trial }) => trial),
    validation: best.scores,
  }
}

export function fitTable(
  backend: Backend,
  { x, y, lapsed, features }: Table,
  ridge: number,
  lapsedWeight: number,
  start?: LogisticFit['standardised'],
): LogisticFit {
  const weights = Float32Array.from(lapsed, (is) => (is === 1 ? lapsedWeight : 1))
  return fitLogistic(backend, { x, y, weights, features }, { l2: ridge, ...(start && { start }) })
}

/** Scores through the TensorFlow.js model, exactly as the worker will. */
export function scoreSnapshot(backend: Backend, fit: LogisticFit, { x, y }: Snapshot): Scores {
  const scorer = createScorer(backend, createLogisticModel(backend, fit.raw))
  try {
    return scorer.predict(x, y.length)
  } finally {
    scorer.dispose()
  }
}
