import { descending } from '../metrics/index.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

/** Curves of one ranking, thinned to what a plot can show. All axes are shares of 1, lift aside. */
export interface Curves {
  /** x: share of those who stayed that is flagged; y: share of churners flagged. */
  readonly roc: readonly Point[]
  /** x: recall; y: precision. */
  readonly precisionRecall: readonly Point[]
  /** x: share of customers flagged; y: share of churners among them, over the churn of all. */
  readonly lift: readonly Point[]
  /** x: share of customers flagged; y: share of churners found. */
  readonly gains: readonly Point[]
}

const MOST_POINTS = 200

export function curvesOf(scores: ArrayLike<number>, labels: ArrayLike<number>): Curves {
  const ties = descending(scores, labels)
  const churned = ties.reduce((sum, { positives }) => sum + positives, 0)
  const rows = labels.length
  let [positives, negatives] = [0, 0]
  const steps = ties.map((tie) => {
    positives += tie.positives
    negatives += tie.negatives
    return { positives, negatives }
  })
  const curve = (of: (step: { positives: number; negatives: number }) => Point, start?: Point) =>
    thinned([...(start ? [start] : []), ...steps.map(of)])
  const flagged = (step: { positives: number; negatives: number }) => step.positives + step.negatives
  return {
    roc: curve((s) => ({ x: s.negatives / (rows - churned), y: s.positives / churned }), { x: 0, y: 0 }),
    precisionRecall: curve((s) => ({ x: s.positives / churned, y: s.positives / flagged(s) })),
    // The first few rows are noise, not lift.
    lift: curve((s) => ({ x: flagged(s) / rows, y: s.positives / flagged(s) / (churned / rows) })).filter(
      ({ x }) => x >= 0.01,
    ),
    gains: curve((s) => ({ x: flagged(s) / rows, y: s.positives / churned }), { x: 0, y: 0 }),
  }
}

function thinned(points: readonly Point[]): Point[] {
  const step = Math.max(1, points.length / MOST_POINTS)
  return points.filter((_, i) => i === points.length - 1 || Math.floor(i / step) !== Math.floor((i - 1) / step))
}

/** Rows by score in bins of equal width from 0 to 1, churned and stayed. */
export function histogram(probabilities: ArrayLike<number>, labels: ArrayLike<number>, bins = 25) {
  const churned = new Array<number>(bins).fill(0)
  const stayed = new Array<number>(bins).fill(0)
  for (let i = 0; i < labels.length; i++) {
    const counts = labels[i]! > 0 ? churned : stayed
    counts[Math.min(bins - 1, Math.floor(probabilities[i]! * bins))]!++
  }
  return { churned, stayed }
}
