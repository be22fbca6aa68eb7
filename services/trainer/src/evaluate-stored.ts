import type { PurchaseDays } from '@holdfast/core'
import type { OpenVersion } from '@holdfast/scorer'
import { buildRows } from './dataset/build-rows.ts'
import type { RowPopulation } from './dataset/population.ts'
import type { Snapshot } from './dataset/rows.ts'
import { TrainerError } from './errors.ts'
import { snapshotsOf } from './learn/snapshots-of.ts'
import { notingPurchases } from './purchases.ts'
import type { Prediction } from './report/bootstrap.ts'
import { type EvaluationReport, evaluateModel, type TrainingRecord } from './report/evaluation-report.ts'
import { htmlReport } from './report/html/page.ts'
import { DAY_MS } from './settings.ts'
import type { EventSource } from './source/event-source.ts'

export interface EvaluateRequest {
  readonly version: OpenVersion
  /** As `readTrainingRecord` found it. */
  readonly training: TrainingRecord | undefined
  readonly champion?: OpenVersion
  readonly source: EventSource
  /** ms. */
  readonly at: number
  readonly population?: RowPopulation
  readonly until?: number
}

/**
 * Measures a stored model at an instant of a log.
 * @throws HoldfastError as `buildRows` of the dataset does; TrainerError `leaks` where the model learned from what came after
 *   the instant, `one_class`
 */
export async function evaluateStored(request: EvaluateRequest): Promise<{ report: EvaluationReport; html: string }> {
  const { version, training, champion, source, at, population, until } = request
  const { manifest } = version
  const horizonMs = manifest.horizonDays * DAY_MS
  const late = manifest.trainingCutoffs.filter((cutoff) => Date.parse(cutoff) + horizonMs > at)
  if (manifest.learnedFrom === 'log' && late.length > 0) {
    throw new TrainerError(
      'leaks',
      `model ${manifest.version} learned from labels that end after ${new Date(at).toISOString()} (cutoffs ${late.map((cutoff) => cutoff.slice(0, 10)).join(', ')}): measure it at ${new Date(Date.parse(late.at(-1)!) + horizonMs).toISOString().slice(0, 10)} or later`,
    )
  }
  const purchases = new Map<string, PurchaseDays>()
  const rows = await buildRows({
    events: notingPurchases(source, at, purchases),
    cutoffs: [at],
    horizonMs,
    ...(population && { population }),
    ...(until !== undefined && { until }),
  })
  const snapshot = snapshotsOf(rows, manifest.horizonDays)[0]!
  requireBoth(snapshot)
  const rival = champion && championPrediction(champion, manifest.horizonDays, snapshot)
  const report = evaluateModel({
    version: manifest.version,
    horizonDays: manifest.horizonDays,
    snapshot,
    ...version.scorer.predict(snapshot.x, snapshot.y.length),
    measuredOn: 'test',
    training,
    purchases,
    ...(rival && { champion: rival }),
  })
  return { report, html: htmlReport(report, manifest) }
}

/** What the champion says of the same rows; undefined where it predicts another horizon. */
export function championPrediction(
  { manifest, scorer }: OpenVersion,
  horizonDays: number,
  { x, y }: Snapshot,
): Prediction | undefined {
  if (manifest.horizonDays !== horizonDays) return undefined
  const { logits, probabilities } = scorer.predict(x, y.length)
  return { name: `champion ${manifest.version}`, probabilities, scores: logits }
}

function requireBoth({ y }: Snapshot): void {
  if (y.includes(0) && y.includes(1)) return
  throw new TrainerError(
    'one_class',
    `all ${y.length} customers ${y.includes(1) ? 'churned' : 'bought again'}, so nothing can be measured: take another instant or population; is the log complete?`,
  )
}
