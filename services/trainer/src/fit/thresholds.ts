import { descending } from '../metrics/index.ts'

/**
 * What a band promises; its bound is the lowest that keeps all of it. A precision alone would call most customers at risk
 * where most of them churn, a capacity alone would call some at risk where nobody does.
 */
export interface ThresholdRule {
  /** At least this share of the customers at or above the bound churn. */
  readonly precision?: number
  /** At most this share of the customers lies at or above the bound: what the team can look after. */
  readonly capacity?: number
}

export interface Threshold {
  readonly logit: number
  readonly rule: ThresholdRule
  /** False when no bound keeps the rule; then it is the most precise one instead. */
  readonly kept: boolean
  /** At the bound: share of customers, share of them who churn, share of churners who are among them. */
  readonly flagged: number
  readonly precision: number
  readonly recall: number
}

/** Fewer flagged rows than this prove no precision. */
const FEWEST = 50

/** Chooses a bound on the logit. Labels are 0 or 1; needs at least one row. */
export function chooseThreshold(logits: ArrayLike<number>, labels: ArrayLike<number>, rule: ThresholdRule): Threshold {
  const ties = descending(logits, labels)
  const n = logits.length
  const churners = ties.reduce((sum, { positives }) => sum + positives, 0)
  const fewest = Math.min(FEWEST, n)
  let rows = 0
  let positives = 0
  const bounds = ties.map((tie) => {
    rows += tie.positives + tie.negatives
    positives += tie.positives
    return { logit: tie.score, rows, flagged: rows / n, precision: positives / rows, recall: positives / churners }
  })
  const { precision: rightShare = 0, capacity = 1 } = rule
  const proven = bounds.filter(({ rows }) => rightShare === 0 || rows >= fewest)
  const keeps = (bound: (typeof bounds)[number]) => bound.precision >= rightShare && bound.flagged <= capacity
  const lowest = proven.findLast(keeps)
  const fallback = proven.reduce((best, bound) => (bound.precision > best.precision ? bound : best))
  const { logit, flagged, precision, recall } = lowest ?? fallback
  return { logit, rule, kept: lowest !== undefined, flagged, precision, recall }
}

/** What a bound chosen elsewhere does to these rows. */
export function measureThreshold(logits: ArrayLike<number>, labels: ArrayLike<number>, logit: number) {
  let flagged = 0
  let caught = 0
  let churners = 0
  for (let i = 0; i < logits.length; i++) {
    churners += labels[i]!
    if (logits[i]! < logit) continue
    flagged++
    caught += labels[i]!
  }
  return { flagged: flagged / logits.length, precision: caught / flagged, recall: caught / churners }
}
