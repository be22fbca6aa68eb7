import {
  type Backend,
  createLogisticModel,
  createScorer,
  fitLogistic,
  type LogisticFit,
  type LogisticWeights,
  type Scores,
} from '@holdfast/scorer'
import type { Snapshot } from '../dataset/rows.ts'
import { stack } from '../dataset/table.ts'
import type { Window } from '../learn/plan.ts'
import { auc } from '../metrics/index.ts'
import { thin } from './thin.ts'

const DAY_MS = 86_400_000
/** Of a candidate and of the window that judges it: more rows cost more than they tell. */
const MOST_ROWS = 50_000

export interface FitSettings {
  /** From strong to weak; each starts where the last one ended. */
  readonly ridges: readonly number[]
  readonly usualRidge: number
  readonly lapsedWeight: number
  readonly smallestScale: number
  readonly halfLifeDays: number
}

export interface RidgeTrial {
  readonly ridge: number
  /** Mean over the later windows, lapsed customers counting as in training. */
  readonly logLoss: number
  readonly auc: number
  readonly iterations: number
  readonly converged: boolean
}

export interface Selection {
  readonly ridge: number
  readonly trials: readonly RidgeTrial[]
  /** What the chosen ridge's models say of each window's snapshot; empty without windows. */
  readonly validations: readonly { readonly snapshot: Snapshot; readonly scores: Scores }[]
}

/**
 * Chooses the ridge by log loss on windows later than all that the candidates learned from. Few windows decide by chance,
 * so the usual one stays unless another beats it by more than twice the standard error of the difference.
 */
export function selectRidge(
  backend: Backend,
  snapshots: readonly Snapshot[],
  windows: readonly Window[],
  settings: FitSettings,
): Selection {
  const usual = nearest(settings.ridges, settings.usualRidge)
  if (windows.length === 0) return { ridge: usual, trials: [], validations: [] }
  const byRidge = new Map(settings.ridges.map((ridge) => [ridge, [] as Judged[]]))
  for (const { validation, learnFrom } of windows) {
    const snapshot = thin(
      snapshots.filter(({ cutoff }) => cutoff === validation),
      MOST_ROWS,
    )[0]!
    const training = thin(
      snapshots.filter(({ cutoff }) => learnFrom.includes(cutoff)),
      MOST_ROWS,
    )
    let start: LogisticFit['standardised'] | undefined
    for (const ridge of settings.ridges) {
      const fit = fitSnapshots(backend, training, ridge, settings, start)
      start = fit.standardised
      byRidge.get(ridge)!.push(judge(snapshot, fit, scoreSnapshot(backend, fit.raw, snapshot), settings.lapsedWeight))
    }
  }
  const trials = [...byRidge].map(([ridge, judged]) => ({
    ridge,
    logLoss: mean(judged.map(({ losses, weight }) => sum(losses) / weight)),
    auc: mean(judged.map(({ auc }) => auc)),
    iterations: Math.max(...judged.map(({ fit }) => fit.iterations)),
    converged: judged.every(({ fit }) => fit.converged),
  }))
  const best = trials.reduce((a, b) => (b.logLoss < a.logLoss ? b : a)).ridge
  const ridge = isClearlyBetter(byRidge.get(best)!, byRidge.get(usual)!) ? best : usual
  return { ridge, trials, validations: byRidge.get(ridge)!.map(({ snapshot, scores }) => ({ snapshot, scores })) }
}

interface Judged {
  readonly snapshot: Snapshot
  readonly fit: LogisticFit
  readonly scores: Scores
  /** Weighted, one a row, and the sum of weights. */
  readonly losses: Float64Array
  readonly weight: number
  readonly auc: number
}

function judge(snapshot: Snapshot, fit: LogisticFit, scores: Scores, lapsedWeight: number): Judged {
  const { y, lapsed } = snapshot
  let weight = 0
  const losses = Float64Array.from(y, (label, i) => {
    const z = scores.logits[i]!
    const counts = lapsed[i] === 1 ? lapsedWeight : 1
    weight += counts
    return counts * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - label * z)
  })
  return { snapshot, fit, scores, losses, weight, auc: auc(scores.logits, y) }
}

function isClearlyBetter(candidate: readonly Judged[], usual: readonly Judged[]): boolean {
  const gains = candidate.flatMap(({ losses }, w) => Array.from(losses, (loss, i) => usual[w]!.losses[i]! - loss))
  const gain = mean(gains)
  return gain > (2 * Math.sqrt(gains.reduce((total, g) => total + (g - gain) ** 2, 0))) / gains.length
}

/** Fits one model to all rows of the snapshots. */
export function fitSnapshots(
  backend: Backend,
  snapshots: readonly Snapshot[],
  ridge: number,
  { lapsedWeight, smallestScale, halfLifeDays }: FitSettings,
  start?: LogisticFit['standardised'],
): LogisticFit {
  const { x, y, features } = stack(snapshots)
  const newest = Math.max(...snapshots.map(({ cutoff }) => cutoff))
  const weights = new Float32Array(y.length)
  let row = 0
  for (const { cutoff, lapsed } of snapshots) {
    const age = 2 ** (-(newest - cutoff) / (halfLifeDays * DAY_MS))
    for (const is of lapsed) weights[row++] = age * (is === 1 ? lapsedWeight : 1)
  }
  return fitLogistic(backend, { x, y, weights, features }, { l2: ridge, smallestScale, ...(start && { start }) })
}

/** Scores through the TensorFlow.js model, exactly as the worker will. */
export function scoreSnapshot(backend: Backend, weights: LogisticWeights, { x, y }: Pick<Snapshot, 'x' | 'y'>): Scores {
  const scorer = createScorer(backend, createLogisticModel(backend, weights))
  try {
    return scorer.predict(x, y.length)
  } finally {
    scorer.dispose()
  }
}

function nearest(ridges: readonly number[], usual: number): number {
  const distance = (ridge: number) => Math.abs(Math.log(ridge / usual))
  return ridges.reduce((best, ridge) => (distance(ridge) < distance(best) ? ridge : best))
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}
