import type { OpenVersion } from '@holdfast/scorer'
import { buildRows } from '../dataset/build-rows.ts'
import { iso } from '../dataset/guard.ts'
import type { RowPopulation } from '../dataset/population.ts'
import type { Snapshot } from '../dataset/rows.ts'
import { TrainerError } from '../errors.ts'
import { championPrediction } from '../evaluate-stored.ts'
import { snapshotsOf } from '../learn/snapshots-of.ts'
import { reliability } from '../metrics/index.ts'
import { type Compared, compare, type Interval } from '../report/bootstrap.ts'
import { DAY_MS } from '../settings.ts'
import type { EventSource } from '../source/event-source.ts'

export interface GateRequest {
  readonly candidate: OpenVersion
  /** None in an installation that has no champion yet. */
  readonly champion: OpenVersion | undefined
  readonly source: EventSource
  /** Instant of the rows, ms; by default the newest whose horizon has ended. */
  readonly at?: number
  readonly population?: RowPopulation
  readonly limits?: Partial<GateLimits>
}

export interface GateLimits {
  /** The largest expected calibration error, beyond what chance alone gives so many rows. */
  readonly ece: number
  /** By how much log loss and AUC may be worse than the champion's, with 95 % confidence. */
  readonly margin: number
  /** Customers of either outcome that a judgement needs. */
  readonly eachClass: number
}

export const GATE_LIMITS: GateLimits = { ece: 0.05, margin: 0.005, eachClass: 25 }

export interface GateCheck {
  readonly name: 'unseen' | 'rows' | 'horizon' | 'log loss' | 'AUC' | 'calibration'
  readonly passed: boolean
  /** What was found, a sentence. */
  readonly says: string
}

export interface GateReport {
  readonly candidate: string
  readonly champion: string | null
  /** Instant of the rows, ms. */
  readonly at: number
  readonly rows: number
  /** Share of the rows that churned. */
  readonly baseRate: number
  readonly passed: boolean
  readonly checks: readonly GateCheck[]
  /** Candidate first, then the champion where it predicts the same horizon. */
  readonly compared: readonly Compared[]
}

/**
 * Whether a candidate may take the champion's place: on the newest customers of whom it is known what came, it is not worse than
 * the champion (paired bootstrap over the same rows) and says what then happens.
 *
 * Not worse: as good or better on these rows, or worse by no more than the margin with 95 % confidence.
 * @throws HoldfastError as `buildRows` of the dataset does; TrainerError `one_class`, `window_past_end`
 */
export async function judgeCandidate(request: GateRequest): Promise<GateReport> {
  const { candidate, champion, source, population } = request
  const limits = { ...GATE_LIMITS, ...request.limits }
  const { horizonDays } = candidate.manifest
  const horizonMs = horizonDays * DAY_MS
  const at = request.at ?? (await newestWindow(source, horizonMs))
  const dataset = await buildRows({ events: source, cutoffs: [at], horizonMs, ...(population && { population }) })
  const snapshot = snapshotsOf(dataset, horizonDays)[0]
  if (snapshot === undefined) throw new TrainerError('too_little_data', `nobody had bought by ${iso(at)}`)
  const rows = snapshot.y.length
  const churned = snapshot.y.reduce((sum, label) => sum + label, 0)
  if (churned === 0 || churned === rows) {
    throw new TrainerError(
      'one_class',
      `all ${rows} customers ${churned > 0 ? 'churned' : 'bought again'}, so nothing can be compared: take another instant (--at)`,
    )
  }
  const own = predictionOf(candidate, snapshot)
  const rival = champion && championPrediction(champion, horizonDays, snapshot)
  const compared = compare(rival === undefined ? [own] : [own, rival], snapshot.y)
  const checks = [
    unseen(candidate, at, horizonMs),
    enough(churned, rows - churned, limits),
    ...(champion === undefined
      ? []
      : compared[1]?.lead === undefined
        ? [otherHorizon(candidate, champion)]
        : [
            notWorse('log loss', compared[1].lead.logLoss, -1, limits.margin),
            notWorse('AUC', compared[1].lead.auc, 1, limits.margin),
          ]),
    calibrated(own.probabilities, snapshot.y, limits.ece),
  ]
  return {
    candidate: candidate.manifest.version,
    champion: champion?.manifest.version ?? null,
    at,
    rows,
    baseRate: churned / rows,
    passed: checks.every(({ passed }) => passed),
    checks,
    compared,
  }
}

/** The newest instant of which it is known what became of everybody: a horizon before the end of the log. Reads it once. */
async function newestWindow(source: EventSource, horizonMs: number): Promise<number> {
  for await (const _ of source);
  const { end, firstAt } = source.counts()
  if (end !== undefined && firstAt !== undefined && end - horizonMs > firstAt) return end - horizonMs
  throw new TrainerError(
    'window_past_end',
    `the log does not span the ${horizonMs / DAY_MS} days that a prediction takes to come true, so nothing can be compared yet`,
  )
}

function predictionOf({ manifest, scorer }: OpenVersion, { x, y }: Snapshot) {
  const { logits, probabilities } = scorer.predict(x, y.length)
  return { name: `candidate ${manifest.version}`, probabilities, scores: logits }
}

function unseen({ manifest }: OpenVersion, at: number, horizonMs: number): GateCheck {
  const { learnedFrom, trainingCutoffs, evaluationCutoffs } = manifest
  const last = Math.max(...trainingCutoffs.map((cutoff) => Date.parse(cutoff)))
  const passed = learnedFrom !== 'log' || last + horizonMs <= at
  const again = evaluationCutoffs[0] === undefined ? '' : ` (--at ${evaluationCutoffs[0].slice(0, 10)} was its test)`
  return {
    name: 'unseen',
    passed,
    says: passed
      ? `it has learned nothing from what came after ${iso(at)}`
      : `it learned from labels that end on ${iso(last + horizonMs)}, after ${iso(at)}: figures on what it has seen say nothing; train it with --test-cutoff, or name a later --at${again}`,
  }
}

function enough(churned: number, stayed: number, { eachClass }: GateLimits): GateCheck {
  return {
    name: 'rows',
    passed: Math.min(churned, stayed) >= eachClass,
    says: `${churned} customers churned, ${stayed} bought again; at least ${eachClass} of each are needed`,
  }
}

function otherHorizon(candidate: OpenVersion, champion: OpenVersion): GateCheck {
  return {
    name: 'horizon',
    passed: false,
    says: `it predicts ${candidate.manifest.horizonDays} days and the champion ${champion.manifest.horizonDays}: they cannot be compared`,
  }
}

/** @param sign 1 where more is better */
function notWorse(name: 'log loss' | 'AUC', lead: Interval, sign: 1 | -1, margin: number): GateCheck {
  const gain = sign * lead.value
  const atWorst = sign > 0 ? lead.low : -lead.high
  const passed = gain >= 0 || atWorst >= -margin
  const range = `${lead.value.toFixed(4)} (95 % of resamples: ${lead.low.toFixed(4)} to ${lead.high.toFixed(4)})`
  return { name, passed, says: `${name} less the champion's: ${range}; allowed to be worse by ${margin}` }
}

function calibrated(probabilities: ArrayLike<number>, labels: Uint8Array, limit: number): GateCheck {
  const bins = reliability(probabilities, labels)
  const n = labels.length
  const ece = bins.reduce((sum, { rows, predicted, observed }) => sum + (rows * Math.abs(predicted - observed)) / n, 0)
  // The mean absolute deviation of a share of `rows` draws, where the model is right: sqrt(2/π) standard errors.
  const chance = bins.reduce(
    (sum, { rows, predicted }) => sum + (rows / n) * Math.sqrt((2 / Math.PI) * ((predicted * (1 - predicted)) / rows)),
    0,
  )
  return {
    name: 'calibration',
    passed: ece - chance <= limit,
    says: `expected calibration error ${ece.toFixed(4)}, of which chance alone gives ${chance.toFixed(4)}; limit ${limit} beyond that`,
  }
}
