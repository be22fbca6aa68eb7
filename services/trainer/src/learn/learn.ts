import type { Backend, LogisticFit, LogisticWeights } from '@holdfast/scorer'
import type { Snapshot } from '../dataset/rows.ts'
import { featureColumn, notLapsed, stack } from '../dataset/table.ts'
import { TrainerError } from '../errors.ts'
import { choosePlatt, type PlattChoice, type PlattStep } from '../fit/platt.ts'
import { fitSnapshots, type RidgeTrial, scoreSnapshot, selectRidge } from '../fit/select.ts'
import { chooseThreshold, measureThreshold, type Threshold } from '../fit/thresholds.ts'
import { type Evaluation, evaluate } from '../report/evaluation.ts'
import type { TrainingRecord } from '../report/evaluation-report.ts'
import { DAY_MS, type TrainingSettings } from '../settings.ts'
import { checkTrainable, type TableFacts } from './checks.ts'
import type { Plan } from './plan.ts'
import { recordTraining } from './training-record.ts'

export interface LearnRequest {
  readonly backend: Backend
  /** Of all cutoffs of the plan. */
  readonly snapshots: readonly Snapshot[]
  readonly plan: Plan
  readonly settings: TrainingSettings
  /** What could at best be said of each customer of the measured snapshot, where somebody knows. */
  readonly ceilings?: (measured: Snapshot) => { readonly latent: Float64Array; readonly posterior: Float64Array }
  /** Told what is being done, before it is. */
  readonly progress?: (step: string) => void
}

export interface MeasuredThreshold extends Threshold {
  /** The same on the measured snapshot, which had no say in the bound unless it is the validation window itself. */
  readonly onTest: { readonly flagged: number; readonly precision: number; readonly recall: number }
}

/** A snapshot later than what was learned, with what the model said of it. */
export interface Measured {
  readonly snapshot: Snapshot
  readonly logits: Float32Array
  readonly probabilities: Float32Array
  /** `validation`: no test cutoff was given, so it is the newest window, scored by a model of earlier cutoffs only. */
  readonly on: 'test' | 'validation'
}

export interface Trained {
  readonly fit: LogisticFit
  /** For raw vectors, calibration folded in: what is stored. */
  readonly weights: LogisticWeights & { readonly kernel: Float64Array }
  readonly ridge: number
  readonly trials: readonly RidgeTrial[]
  readonly platt: PlattChoice
  readonly thresholds: { readonly watch: MeasuredThreshold; readonly atRisk: MeasuredThreshold }
  /** Where the thresholds were chosen. */
  readonly thresholdsFrom: 'validation' | 'training'
  readonly plan: Plan
  readonly facts: TableFacts
  readonly rows: { readonly training: number; readonly validation: number; readonly test: number }
  readonly measured: Measured
  /** What later evaluations hold their rows against. */
  readonly record: TrainingRecord
  /** On the measured snapshot: whoever has bought, and those of them who are not lapsed. */
  readonly all: Evaluation
  readonly notLapsed: Evaluation
}

/**
 * From point-in-time rows to a measured model. Ridge, calibration and thresholds are chosen on windows later than what the
 * candidates learned from; the model then learns from all training cutoffs, and is measured on the test cutoff.
 *
 * @throws TrainerError when the rows cannot be learned from
 */
export function learn({ backend, snapshots, plan, settings, ceilings, progress = () => {} }: LearnRequest): Trained {
  const horizonMs = settings.horizonDays * DAY_MS
  const training = plan.training.map((cutoff) => snapshotAt(snapshots, cutoff))
  const table = stack(training)
  const facts = checkTrainable(table)
  progress(
    plan.windows.length === 0
      ? `no later window among the training cutoffs: taking the usual ridge, ${settings.usualRidge}`
      : `choosing the ridge among ${settings.ridges.join(', ')}`,
  )
  const windows = plan.windows.filter(({ validation, learnFrom }) => canTeach(snapshots, learnFrom, validation))
  const { ridge, trials, validations } = selectRidge(backend, snapshots, windows, settings)
  const platt = choosePlatt(
    validations.map(({ snapshot: { cutoff, y }, scores: { logits } }) => ({ cutoff, logits, labels: y })),
    horizonMs,
  )
  progress(`fitting ${facts.rows} rows on backend "${backend.name}" with ridge ${ridge}`)
  const fit = fitSnapshots(backend, training, ridge, settings)
  if (!fit.converged) progress(`the fit stopped before it converged (gradient ${fit.gradientNorm.toExponential(1)})`)
  const weights = calibrated(fit.raw, platt.step)

  progress('measuring on rows that it has not seen')
  const newest = validations.at(-1)
  const measured = measure(backend, plan, snapshots, weights, newest && calibratedLogits(newest, platt.step))
  const chosenOn = newest
    ? calibratedLogits(newest, platt.step)
    : { snapshot: training.at(-1)!, logits: scoreSnapshot(backend, weights, training.at(-1)!).logits }
  const judged = judgedOf(measured, ceilings?.(measured.snapshot))
  return {
    fit,
    weights,
    ridge,
    trials,
    platt,
    thresholds: thresholdsOf(chosenOn, measured, settings),
    thresholdsFrom: newest ? 'validation' : 'training',
    plan,
    facts,
    rows: {
      training: facts.rows,
      validation: newest?.snapshot.y.length ?? 0,
      test: measured.on === 'test' ? measured.snapshot.y.length : 0,
    },
    measured,
    record: recordTraining(backend, table, { fit, ridge, weights, platt }),
    all: evaluate(judged),
    notLapsed: evaluate(withoutLapsed(judged, measured.snapshot.lapsed)),
  }
}

interface Scored {
  readonly snapshot: Snapshot
  readonly logits: Float32Array
}

function measure(
  backend: Backend,
  plan: Plan,
  snapshots: readonly Snapshot[],
  weights: LogisticWeights,
  newest: Scored | undefined,
): Measured {
  if (plan.test !== undefined) {
    const snapshot = snapshotAt(snapshots, plan.test)
    return { snapshot, ...scoreSnapshot(backend, weights, snapshot), on: 'test' }
  }
  if (newest === undefined) {
    throw new TrainerError(
      'too_little_data',
      'the earlier training cutoffs hold too few of each outcome to measure a model of them on the newest: give --test-cutoff, or more training cutoffs',
    )
  }
  const probabilities = newest.logits.map((logit) => 1 / (1 + Math.exp(-logit)))
  return { ...newest, probabilities, on: 'validation' }
}

function thresholdsOf({ snapshot, logits }: Scored, measured: Measured, settings: TrainingSettings) {
  const undecided = notLapsed(logits, snapshot.lapsed)
  const outcomes = notLapsed(snapshot.y, snapshot.lapsed)
  if (undecided.length === 0) {
    throw new TrainerError(
      'too_little_data',
      `everybody is lapsed at ${new Date(snapshot.cutoff).toISOString()}, so no bound of a band can be chosen: take a longer horizon or other cutoffs`,
    )
  }
  const atRisk = chooseThreshold(undecided, outcomes, settings.atRisk)
  const watch = below(chooseThreshold(undecided, outcomes, settings.watch), atRisk.logit - 2 * settings.marginLogit)
  const of = (threshold: Threshold): MeasuredThreshold => ({
    ...threshold,
    ...measureThreshold(undecided, outcomes, threshold.logit),
    onTest: measureThreshold(
      notLapsed(measured.logits, measured.snapshot.lapsed),
      notLapsed(measured.snapshot.y, measured.snapshot.lapsed),
      threshold.logit,
    ),
  })
  return { watch: of(watch), atRisk: of(atRisk) }
}

/** The bound, or `highest` when it lies above that: bands must stay apart by more than what holds a customer in one. */
function below(threshold: Threshold, highest: number): Threshold {
  return threshold.logit <= highest ? threshold : { ...threshold, logit: highest, kept: false }
}

function calibrated({ kernel, bias }: LogisticFit['raw'], { slope, shift }: PlattStep) {
  return { kernel: kernel.map((weight) => slope * weight), bias: slope * bias + shift }
}

function calibratedLogits(
  { snapshot, scores }: { readonly snapshot: Snapshot; readonly scores: { readonly logits: Float32Array } },
  { slope, shift }: PlattStep,
): Scored {
  return { snapshot, logits: scores.logits.map((logit) => slope * logit + shift) }
}

/** Windows whose earlier rows, or own rows, hold one outcome only have nothing to say. */
function canTeach(snapshots: readonly Snapshot[], learnFrom: readonly number[], validation: number): boolean {
  const hasBoth = (labels: Uint8Array) => labels.includes(0) && labels.includes(1)
  const { y } = stack(snapshots.filter(({ cutoff }) => learnFrom.includes(cutoff)))
  return hasBoth(y) && hasBoth(snapshotAt(snapshots, validation).y)
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

function judgedOf(
  { snapshot, logits, probabilities }: Measured,
  ceilings: ReturnType<NonNullable<LearnRequest['ceilings']>> | undefined,
) {
  const features = snapshot.x.length / snapshot.y.length
  return {
    logits,
    probabilities,
    labels: snapshot.y,
    recencyDays: featureColumn({ ...snapshot, features }, 'recencyDays'),
    ...(ceilings && { ceilings }),
  }
}

function withoutLapsed({ ceilings, ...judged }: ReturnType<typeof judgedOf>, lapsed: Uint8Array) {
  return {
    logits: notLapsed(judged.logits, lapsed),
    probabilities: notLapsed(judged.probabilities, lapsed),
    labels: notLapsed(judged.labels, lapsed),
    recencyDays: notLapsed(judged.recencyDays, lapsed),
    ...(ceilings && {
      ceilings: { latent: notLapsed(ceilings.latent, lapsed), posterior: notLapsed(ceilings.posterior, lapsed) },
    }),
  }
}
