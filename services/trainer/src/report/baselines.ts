import { FEATURES, fitBgNbd, type PurchaseDays, probabilityOfSilence } from '@holdfast/core'
import { type Backend, fitLogistic } from '@holdfast/scorer'
import { FEWEST_REPEATING } from '../clv.ts'
import type { Snapshot } from '../dataset/rows.ts'
import { featureColumn, type Table } from '../dataset/table.ts'
import type { Prediction } from './bootstrap.ts'

/** What the simplest predictions took from the training rows. */
export interface SimpleModels {
  readonly baseRate: number
  /** Logit of churn as a line in log1p(days since the last purchase). */
  readonly recency: { readonly weight: number; readonly bias: number }
}

export function fitSimpleModels(backend: Backend, table: Table): SimpleModels {
  const x = featureColumn(table, 'logRecency')
  const churned = table.y.reduce((sum: number, label) => sum + label, 0)
  const { raw } = fitLogistic(backend, { x, y: table.y, features: 1 }, { l2: 1 })
  return { baseRate: churned / table.y.length, recency: { weight: raw.kernel[0]!, bias: raw.bias } }
}

export function simplePredictions({ baseRate, recency }: SimpleModels, snapshot: Snapshot): Prediction[] {
  const logRecency = featureColumn({ ...snapshot, features: FEATURES.length }, 'logRecency')
  return [
    { name: 'base rate', probabilities: new Float64Array(snapshot.y.length).fill(baseRate) },
    {
      name: 'recency alone',
      probabilities: Float64Array.from(logRecency, (x) => 1 / (1 + Math.exp(-(recency.weight * x + recency.bias)))),
      // By the longer silence, whatever sign the line has.
      scores: logRecency,
    },
  ]
}

/** BG/NBD fitted to what was known of everybody at the snapshot's cutoff; undefined where too few have come back. */
export function bgNbdPrediction(
  { cutoff, customers }: Pick<Snapshot, 'cutoff' | 'customers'>,
  purchases: ReadonlyMap<string, PurchaseDays>,
  horizonDays: number,
): Prediction | undefined {
  const histories = new Map(
    [...purchases].flatMap(([id, days]) => {
      const history = days.history(cutoff)
      return history === undefined ? [] : [[id, history] as const]
    }),
  )
  const repeating = [...histories.values()].filter(({ repeats }) => repeats > 0).length
  if (repeating < FEWEST_REPEATING || customers.some((id) => !histories.has(id))) return undefined
  const model = fitBgNbd(histories.values())
  return {
    name: 'BG/NBD',
    probabilities: Float64Array.from(customers, (id) =>
      probabilityOfSilence(model, histories.get(id)!, horizonDays / 7),
    ),
  }
}
