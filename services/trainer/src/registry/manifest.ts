import { type Manifest, type ManifestValue, manifestSchema } from '@holdfast/contracts'
import { FEATURE_TABLE_VERSION, FEATURES } from '@holdfast/core'
import type { LogisticWeights } from '@holdfast/scorer'
import type { Trained } from '../learn/learn.ts'
import type { TrainingSettings } from '../settings.ts'

export interface Provenance {
  readonly version: string
  /** ms. */
  readonly createdAt: number
  readonly learnedFrom: Manifest['learnedFrom']
  /** ISO 4217 code of the amounts in the log after conversion. */
  readonly currency: string
  /** First and last event, ms. */
  readonly dataFrom: number
  readonly dataTo: number
}

/** `weights` are those that the TensorFlow.js model holds, so float32: manifest and model must not differ in a bit. */
export function manifestOf(
  { fit, ridge, plan, measured, thresholds, all }: Trained,
  weights: LogisticWeights,
  { version, createdAt, learnedFrom, currency, dataFrom, dataTo }: Provenance,
  { horizonDays, marginLogit }: TrainingSettings,
  value?: ManifestValue,
): Manifest {
  const { mean, scale } = fit.standardisation
  return manifestSchema.parse({
    version,
    createdAt: iso(createdAt),
    learnedFrom,
    featureTableVersion: FEATURE_TABLE_VERSION,
    currency,
    horizonDays,
    thresholds: { watchLogit: thresholds.watch.logit, atRiskLogit: thresholds.atRisk.logit, marginLogit },
    features: FEATURES.map(({ name }, i) => ({ name, weight: weights.kernel[i]!, mean: mean[i]!, scale: scale[i]! })),
    bias: weights.bias,
    ridge,
    dataSpan: { from: iso(dataFrom), to: iso(dataTo) },
    trainingCutoffs: plan.training.map(iso),
    evaluationCutoffs: [iso(measured.snapshot.cutoff)],
    metrics: {
      n: all.rows,
      baseRate: all.baseRate,
      auc: all.auc,
      logLoss: all.logLoss,
      brier: all.brier,
      ...(all.ceilings && { ceilings: all.ceilings }),
    },
    ...(value && { value }),
  })
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}
