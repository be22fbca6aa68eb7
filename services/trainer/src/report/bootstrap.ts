import { reliability } from '../metrics/index.ts'

/** How good one way of predicting is on one set of rows. */
export interface Quality {
  readonly auc: number
  /** Average precision. */
  readonly prAuc: number
  readonly logLoss: number
  readonly brier: number
  /** Expected calibration error over ten bins. */
  readonly ece: number
  /** Churn among the tenth with the highest scores, over the churn of all. */
  readonly lift10: number
}

export const QUALITIES = [
  'auc',
  'prAuc',
  'logLoss',
  'brier',
  'ece',
  'lift10',
] as const satisfies readonly (keyof Quality)[]

/** One way of predicting, a value a row. */
export interface Prediction {
  readonly name: string
  readonly probabilities: ArrayLike<number>
  /** What ranks the rows; the probabilities unless given. */
  readonly scores?: ArrayLike<number>
}

/** A figure with the range in which 95 of 100 resamples of the customers lie. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

export type Intervals = Readonly<Record<keyof Quality, Interval>>

export interface Compared {
  readonly name: string
  readonly quality: Intervals
  /** The first prediction's figure less this one's, on the same resamples; undefined for the first itself. */
  readonly lead: Intervals | undefined
}

const CERTAIN = 1e-7
const BINS = 10

/**
 * Figures of several predictions on the same rows, with bootstrap percentile intervals (Efron & Tibshirani, An Introduction
 * to the Bootstrap, 1993, ch. 13). Every prediction sees the same resamples, so that leads are paired.
 */
export function compare(predictions: readonly Prediction[], labels: Uint8Array, resamples = 400, seed = 1): Compared[] {
  const judges = predictions.map((prediction) => new Judge(prediction, labels))
  const ones = new Uint16Array(labels.length).fill(1)
  const values = judges.map((judge) => judge.quality(ones))
  const random = mulberry32(seed)
  const drawn = judges.map(() => [] as Quality[])
  const counts = new Uint16Array(labels.length)
  for (let b = 0; b < resamples; b++) {
    counts.fill(0)
    for (let i = 0; i < labels.length; i++) counts[Math.floor(random() * labels.length)]!++
    for (const [j, judge] of judges.entries()) drawn[j]!.push(judge.quality(counts))
  }
  return predictions.map(({ name }, j) => ({
    name,
    quality: intervals(
      (key) => values[j]![key],
      (key) => drawn[j]!.map((quality) => quality[key]),
    ),
    lead:
      j === 0
        ? undefined
        : intervals(
            (key) => values[0]![key] - values[j]![key],
            (key) => drawn[j]!.map((quality, b) => drawn[0]![b]![key] - quality[key]),
          ),
  }))
}

function intervals(value: (key: keyof Quality) => number, draws: (key: keyof Quality) => number[]): Intervals {
  const of = (key: keyof Quality): Interval => {
    const sorted = draws(key)
      .filter(Number.isFinite)
      .sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
    return { value: value(key), low: at(0.025), high: at(0.975) }
  }
  return {
    auc: of('auc'),
    prAuc: of('prAuc'),
    logLoss: of('logLoss'),
    brier: of('brier'),
    ece: of('ece'),
    lift10: of('lift10'),
  }
}

/** Sorts once, so that a resample, which only repeats rows, costs one pass. */
export class Judge {
  private readonly order: Uint32Array
  private readonly scores: ArrayLike<number>
  private readonly losses: Float64Array
  private readonly bins: Uint8Array

  constructor(
    private readonly prediction: Prediction,
    private readonly labels: Uint8Array,
  ) {
    const { probabilities, scores = probabilities } = prediction
    this.scores = scores
    this.order = Uint32Array.from(labels, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!)
    this.losses = Float64Array.from(labels, (label, i) => {
      const p = Math.min(1 - CERTAIN, Math.max(CERTAIN, probabilities[i]!))
      return label === 1 ? -Math.log(p) : -Math.log1p(-p)
    })
    this.bins = Uint8Array.from(labels, (_, i) => Math.min(BINS - 1, Math.floor(probabilities[i]! * BINS)))
  }

  /** @param counts how often each row is in the sample */
  quality(counts: Uint16Array): Quality {
    const { labels, prediction, order, scores, losses, bins } = this
    const { probabilities } = prediction
    let n = 0
    let churned = 0
    let loss = 0
    let squares = 0
    const said = new Float64Array(BINS)
    const seen = new Float64Array(BINS)
    for (let i = 0; i < labels.length; i++) {
      const times = counts[i]!
      if (times === 0) continue
      const label = labels[i]!
      n += times
      churned += times * label
      loss += times * losses[i]!
      squares += times * (probabilities[i]! - label) ** 2
      said[bins[i]!]! += times * probabilities[i]!
      seen[bins[i]!]! += times * label
    }
    let [wins, precisions, positives, rows, top] = [0, 0, 0, 0, 0]
    const tenth = n / 10
    for (let from = 0; from < order.length; ) {
      let to = from
      let [tiePositives, tieRows] = [0, 0]
      const score = scores[order[from]!]!
      for (; to < order.length && scores[order[to]!] === score; to++) {
        const times = counts[order[to]!]!
        tieRows += times
        tiePositives += times * labels[order[to]!]!
      }
      from = to
      if (tieRows === 0) continue
      wins += (tieRows - tiePositives) * (positives + tiePositives / 2)
      // Of a tie that reaches beyond the tenth, its share counts.
      if (rows < tenth) top += tiePositives * Math.min(1, (tenth - rows) / tieRows)
      rows += tieRows
      positives += tiePositives
      precisions += (tiePositives * positives) / rows
    }
    return {
      auc: wins / (churned * (n - churned)),
      prAuc: precisions / churned,
      logLoss: loss / n,
      brier: squares / n,
      ece: said.reduce((sum, s, bin) => sum + Math.abs(s - seen[bin]!), 0) / n,
      lift10: top / tenth / (churned / n),
    }
  }
}

/** What `reliability` says of bins, with the spread that chance alone gives an observed share. */
export function reliabilityWithChance(probabilities: ArrayLike<number>, labels: ArrayLike<number>) {
  return reliability(probabilities, labels, BINS).map((bin) => ({
    ...bin,
    chance: 1.96 * Math.sqrt((bin.predicted * (1 - bin.predicted)) / bin.rows),
  }))
}

/** A generator of numbers in [0, 1) that repeats itself for the same seed. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
