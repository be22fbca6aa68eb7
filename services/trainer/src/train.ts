import type { CustomerEvent } from '@holdfast/core'
import type { Backend } from '@holdfast/scorer'
import { buildRows as buildDatasetRows } from './dataset/build-rows.ts'
import type { RowPopulation } from './dataset/population.ts'
import { buildRows, type Snapshot } from './dataset/rows.ts'
import { splitByTime } from './dataset/split.ts'
import { TrainerError } from './errors.ts'
import { learn, type Trained } from './learn/learn.ts'
import { planCutoffs, planOfSplit } from './learn/plan.ts'
import { snapshotsOf } from './learn/snapshots-of.ts'
import { DAY_MS, type TrainingSettings } from './settings.ts'

interface Request {
  readonly backend: Backend
  readonly settings: TrainingSettings
  /** Told what is being done, before it is. */
  readonly progress?: (step: string) => void
}

export interface TrainRequest extends Request {
  /** In the order in which they became known; read once. */
  readonly events: Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>
  /** First and last instant of which the log tells everything, ms. */
  readonly logStart: number
  readonly logEnd: number
  /** What could at best be said of a customer at an instant, where somebody knows. */
  readonly truth?: Truth
}

/** Probabilities of no purchase in the horizon after `at`, or undefined for an unknown customer. */
export type Truth = (
  customerId: string,
  at: number,
  horizonMs: number,
) => { readonly latent: number; readonly posterior: number } | undefined

/**
 * From a log to a measured model, with cutoffs a step apart up to its end and the newest as the test.
 *
 * @throws TrainerError when the log is too short, out of order, or cannot be learned from
 */
export async function train(request: TrainRequest): Promise<Trained> {
  const { backend, events, logStart, logEnd, settings, truth, progress } = request
  const horizonMs = settings.horizonDays * DAY_MS
  const split = splitByTime({ ...settings, logStart, logEnd, horizonMs })
  progress?.(`reading the log and taking ${split.training.length + 1} snapshots of every customer`)
  const snapshots = await buildRows({ events, cutoffs: [...split.training, split.test], horizonMs, logEnd })
  return learn({
    backend,
    snapshots,
    plan: planOfSplit(split),
    settings,
    ...(truth && { ceilings: (measured: Snapshot) => ceilingsOf(truth, measured, horizonMs) }),
    ...(progress && { progress }),
  })
}

export interface TrainAtRequest extends Request {
  /** In any order. */
  readonly events: Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>
  /** ms, in any order. */
  readonly trainCutoffs: readonly number[]
  readonly testCutoff?: number
  readonly population?: RowPopulation
  /** Until when everything is known, ms; by default the end of the newest event's day. */
  readonly until?: number
}

/**
 * From a log to a measured model, with cutoffs that somebody chose.
 *
 * @throws TrainerError `leaks`, or when the rows cannot be learned from; HoldfastError as `buildRows` of the dataset does
 */
export async function trainAt(request: TrainAtRequest): Promise<Trained> {
  const { backend, events, trainCutoffs, testCutoff, population, until, settings, progress } = request
  const horizonMs = settings.horizonDays * DAY_MS
  const plan = planCutoffs(trainCutoffs, testCutoff, horizonMs)
  const cutoffs = testCutoff === undefined ? plan.training : [...plan.training, testCutoff]
  progress?.(`reading the log and taking ${cutoffs.length} snapshots of every customer`)
  const rows = await buildDatasetRows({
    events,
    cutoffs,
    horizonMs,
    ...(population && { population }),
    ...(until !== undefined && { until }),
  })
  const snapshots = snapshotsOf(rows, settings.horizonDays)
  return learn({ backend, snapshots, plan, settings, ...(progress && { progress }) })
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
