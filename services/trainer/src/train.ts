import type { CustomerEvent } from '@holdfast/core'
import type { Backend, LogisticFit } from '@holdfast/scorer'
import { buildRows, type Snapshot } from './dataset/rows.ts'
import { type Split, splitByTime } from './dataset/split.ts'
import { featureColumn, notLapsed, stack } from './dataset/table.ts'
import { TrainerError } from './errors.ts'
import { fitTable, type RidgeTrial, scoreSnapshot, selectRidge } from './fit/select.ts'
import { chooseThreshold, measureThreshold, type Threshold } from './fit/thresholds.ts'
import { type Evaluation, evaluate } from './report/evaluation.ts'
import { DAY_MS, type TrainingSettings } from './settings.ts'

export interface TrainRequest {
  readonly backend: Backend
  /** In the order in which they became known; read once. */
  readonly events: Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>
  /** First and last instant of which the log tells everything, ms. */
  readonly logStart: number
  readonly logEnd: number
  readonly settings: TrainingSettings
  /** What could at best be said of a customer at an instant, where somebody knows. */
  readonly truth?: Truth
  /** Told what is being done, before it is. */
  readonly progress?: (step: string) => void
}

/** Probabilities of no purchase in the horizon after `at`, or undefined for an unknown customer. */
export type Truth = (
  customerId: string,
  at: number,
  horizonMs: number,
) => { readonly latent: number; readonly posterior: number } | undefined

export interface MeasuredThreshold extends Threshold {
  /** The same on the test snapshot, which had no say in the bound. */
  readonly onTest: { readonly flagged: number; readonly precision: number; readonly recall: number }
}

export interface Trained {
  readonly fit: LogisticFit
  readonly ridge: number
  readonly trials: readonly RidgeTrial[]
  readonly thresholds: { readonly watch: MeasuredThreshold; readonly atRisk: MeasuredThreshold }
  readonly split: Split
  readonly rows: { readonly training: number; readonly validation: number; readonly test: number }
  /** On the test snapshot: whoever has bought, and those of them who are not lapsed. */
  readonly all: Evaluation
  readonly notLapsed: Evaluation
}

/**
 * From a log to a measured model. Ridge and thresholds are chosen on a window later than what the candidates learned from;
 * the model then learns from everything that was known at the test cutoff, and is measured after it.
 *
 * @throws TrainerError when the log is too short, out of order, or holds one outcome only
 */
export async function train(request: TrainRequest): Promise<Trained> {
  const { backend, events, logStart, logEnd, settings, truth, progress = () => {} } = request
  const horizonMs = settings.horizonDays * DAY_MS
  const split = splitByTime({ ...settings, logStart, logEnd, horizonMs })
  progress(`reading the log and taking ${split.training.length + 1} snapshots of every customer`)
  const snapshots = await buildRows({ events, cutoffs: [...split.training, split.test], horizonMs, logEnd })
  const at = (cutoffs: readonly number[]) => snapshots.filter(({ cutoff }) => cutoffs.includes(cutoff))
  const [validation, test] = [snapshotAt(snapshots, split.validation), snapshotAt(snapshots, split.test)]

  progress(`choosing the ridge among ${settings.ridges.join(', ')}`)
  const selection = selectRidge(backend, at(split.selection), validation, settings)

  const training = stack(at(split.training))
  progress(`fitting ${training.y.length} rows of ${training.features} features on backend "${backend.name}"`)
  const fit = fitTable(backend, training, selection.ridge, settings.lapsedWeight)
  if (!fit.converged) progress(`the fit stopped before it converged (gradient ${fit.gradientNorm.toExponential(1)})`)

  const scores = scoreSnapshot(backend, fit, test)
  const undecided = notLapsed(selection.validation.logits, validation.lapsed)
  const outcomes = notLapsed(validation.y, validation.lapsed)
  const atRisk = chooseThreshold(undecided, outcomes, settings.atRisk)
  const watch = below(chooseThreshold(undecided, outcomes, settings.watch), atRisk.logit - 2 * settings.marginLogit)
  const measured = (threshold: Threshold): MeasuredThreshold => {
    const logits = notLapsed(scores.logits, test.lapsed)
    const { logit } = threshold
    return {
      ...threshold,
      ...measureThreshold(undecided, outcomes, logit),
      onTest: measureThreshold(logits, notLapsed(test.y, test.lapsed), logit),
    }
  }
  const thresholds = { watch: measured(watch), atRisk: measured(atRisk) }

  progress('measuring on the test window')
  const judged = {
    probabilities: scores.probabilities,
    logits: scores.logits,
    labels: test.y,
    recencyDays: featureColumn({ ...test, features: training.features }, 'recencyDays'),
    ...(truth && { ceilings: ceilingsOf(truth, test, horizonMs) }),
  }
  return {
    fit,
    ridge: selection.ridge,
    trials: selection.trials,
    thresholds,
    split,
    rows: { training: training.y.length, validation: validation.y.length, test: test.y.length },
    all: evaluate(judged),
    notLapsed: evaluate({
      probabilities: notLapsed(judged.probabilities, test.lapsed),
      logits: notLapsed(judged.logits, test.lapsed),
      labels: notLapsed(judged.labels, test.lapsed),
      recencyDays: notLapsed(judged.recencyDays, test.lapsed),
      ...(judged.ceilings && {
        ceilings: {
          latent: notLapsed(judged.ceilings.latent, test.lapsed),
          posterior: notLapsed(judged.ceilings.posterior, test.lapsed),
        },
      }),
    }),
  }
}

/** The bound, or `highest` when it lies above that: bands must stay apart by more than what holds a customer in one. */
function below(threshold: Threshold, highest: number): Threshold {
  return threshold.logit <= highest ? threshold : { ...threshold, logit: highest, kept: false }
}

function snapshotAt(snapshots: readonly Snapshot[], cutoff: number): Snapshot {
  const snapshot = snapshots.find((candidate) => candidate.cutoff === cutoff)
  if (snapshot === undefined || snapshot.y.length === 0) {
    throw new TrainerError(
      'too_little_data',
      `nobody had bought by ${new Date(cutoff).toISOString()}: is this the right log?`,
    )
  }
  return snapshot
}

function ceilingsOf(truth: Truth, { customers, cutoff }: Snapshot, horizonMs: number) {
  const latent = new Float64Array(customers.length)
  const posterior = new Float64Array(customers.length)
  for (const [i, id] of customers.entries()) {
    const best = truth(id, cutoff, horizonMs)
    if (best === undefined)
      throw new TrainerError('bad_record', `the generated shop does not know its own customer ${id}`)
    latent[i] = best.latent
    posterior[i] = best.posterior
  }
  return { latent, posterior }
}
