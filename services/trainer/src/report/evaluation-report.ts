import { FEATURES, type PurchaseDays } from '@holdfast/core'
import type { Snapshot } from '../dataset/rows.ts'
import { bgNbdPrediction, type SimpleModels, simplePredictions } from './baselines.ts'
import { type Compared, compare, type Prediction, reliabilityWithChance } from './bootstrap.ts'
import { type Curves, curvesOf, histogram } from './curves.ts'
import { populationStability, type Reference } from './drift.ts'
import { columnAt, type Segment, segmentsOf } from './segments.ts'

/** One weight on standardised inputs, in logits a standard deviation. */
export interface Coefficient {
  readonly feature: string
  readonly weight: number
  /** 95 % of the posterior, by Laplace's approximation. */
  readonly low: number
  readonly high: number
}

/** What a model keeps of its training for every later evaluation. */
export interface TrainingRecord {
  readonly simple: SimpleModels
  readonly coefficients: readonly Coefficient[]
  /** In the order of FEATURES. */
  readonly features: readonly { readonly feature: string; readonly reference: Reference }[]
  /** Of the probabilities over the training rows. */
  readonly score: Reference
}

export interface EvaluationRequest {
  readonly version: string
  readonly horizonDays: number
  readonly snapshot: Snapshot
  readonly logits: ArrayLike<number>
  readonly probabilities: ArrayLike<number>
  readonly measuredOn: 'test' | 'validation'
  readonly training: TrainingRecord | undefined
  /** Known at the snapshot's cutoff, for BG/NBD. */
  readonly purchases?: ReadonlyMap<string, PurchaseDays>
  readonly champion?: Prediction
}

export interface EvaluationReport {
  readonly version: string
  readonly horizonDays: number
  /** ISO 8601. */
  readonly at: string
  readonly measuredOn: 'test' | 'validation'
  readonly rows: number
  readonly baseRate: number
  /** The model first, then what it is held against. */
  readonly compared: readonly Compared[]
  /** Baselines that could not be computed, and why. */
  readonly missing: readonly string[]
  readonly segments: readonly SegmentReport[]
  readonly reliability: ReturnType<typeof reliabilityWithChance>
  readonly curves: readonly { readonly name: string; readonly curves: Curves }[]
  readonly histogram: ReturnType<typeof histogram>
  readonly coefficients: readonly Coefficient[]
  /** Population stability index against the training rows, largest first. */
  readonly drift:
    | { readonly score: number; readonly features: readonly { readonly feature: string; readonly psi: number }[] }
    | undefined
}

export interface SegmentReport extends Omit<Segment, 'members'> {
  readonly rows: number
  readonly churned: number
  /** Empty where one outcome is missing or the rows are too few to say anything. */
  readonly compared: readonly Compared[]
}

const FEWEST_IN_SEGMENT = 30

/** Everything that a data engineer should see before trusting a model, on rows that it has not learned from. */
export function evaluateModel(request: EvaluationRequest): EvaluationReport {
  const { version, horizonDays, snapshot, logits, probabilities, measuredOn, training, champion } = request
  const { y, cutoff } = snapshot
  const missing: string[] = []
  const bgNbd = request.purchases && bgNbdPrediction(snapshot, request.purchases, horizonDays)
  if (bgNbd === undefined)
    missing.push('BG/NBD: too few customers have come back, or the log does not tell their purchases')
  if (training === undefined) missing.push('base rate and recency alone: the model does not say what it learned from')
  if (champion === undefined) missing.push('champion: there is none with this horizon and feature table')
  const predictions: Prediction[] = [
    { name: `model ${version}`, probabilities, scores: logits },
    ...(training ? simplePredictions(training.simple, snapshot) : []),
    ...(bgNbd ? [bgNbd] : []),
    ...(champion ? [champion] : []),
  ]
  const churned = y.reduce((sum: number, label) => sum + label, 0)
  return {
    version,
    horizonDays,
    at: new Date(cutoff).toISOString(),
    measuredOn,
    rows: y.length,
    baseRate: churned / y.length,
    compared: compare(predictions, y, resamplesFor(y.length)),
    missing,
    segments: segmentsOf(snapshot, horizonDays).map((segment) => segmentReport(segment, predictions, y)),
    reliability: reliabilityWithChance(probabilities, y),
    // A straight line shows nothing.
    curves: predictions
      .filter(({ name }) => name !== 'base rate')
      .map(({ name, probabilities, scores = probabilities }) => ({ name, curves: curvesOf(scores, y) })),
    histogram: histogram(probabilities, y),
    coefficients: training?.coefficients ?? [],
    drift: training && driftOf(training, snapshot, probabilities),
  }
}

function segmentReport(
  { name, definition, members }: Segment,
  predictions: readonly Prediction[],
  y: Uint8Array,
): SegmentReport {
  const pick = (values: ArrayLike<number>) => Float64Array.from(members, (i) => values[i]!)
  const labels = Uint8Array.from(members, (i) => y[i]!)
  const churned = labels.reduce((sum: number, label) => sum + label, 0)
  const says = members.length >= FEWEST_IN_SEGMENT && churned > 0 && churned < members.length
  const picked = predictions.map(({ name, probabilities, scores }) => ({
    name,
    probabilities: pick(probabilities),
    ...(scores && { scores: pick(scores) }),
  }))
  return {
    name,
    definition,
    rows: members.length,
    churned,
    compared: says ? compare(picked, labels, Math.min(200, resamplesFor(members.length))) : [],
  }
}

function driftOf({ features, score }: TrainingRecord, { x, y }: Snapshot, probabilities: ArrayLike<number>) {
  const width = FEATURES.length
  return {
    score: populationStability(score, probabilities),
    features: features
      .map(({ feature, reference }, j) => ({
        feature,
        psi: populationStability(reference, columnAt({ x, y, features: width }, j)),
      }))
      .sort((a, b) => b.psi - a.psi),
  }
}

/** Enough for two digits of an interval, without minutes on a large log. */
function resamplesFor(rows: number): number {
  return Math.round(Math.min(400, Math.max(50, 2e7 / rows)))
}
