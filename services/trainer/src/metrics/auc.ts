import { descending } from './ranking.ts'

/**
 * Area under the ROC curve: the chance that a random positive scores above a random negative, ties counting half
 * (Mann-Whitney U from midranks; Hanley & McNeil, Radiology 143, 1982). NaN when a class is empty.
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let positives = 0
  let negatives = 0
  let wins = 0
  for (const tie of descending(scores, labels)) {
    wins += tie.negatives * (positives + tie.positives / 2)
    positives += tie.positives
    negatives += tie.negatives
  }
  return wins / (positives * negatives)
}

/**
 * Standard error of an AUC (Hanley & McNeil 1982, eq. 1, with their exponential approximation), for telling a difference
 * from chance.
 */
export function aucStandardError(area: number, positives: number, negatives: number): number {
  const q1 = area / (2 - area)
  const q2 = (2 * area * area) / (1 + area)
  const variance = area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area)
  return Math.sqrt(variance / (positives * negatives))
}

/**
 * Average precision: the mean, over positives, of the precision at the rank of each; tied scores enter together. NaN
 * without a positive.
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let positives = 0
  let seen = 0
  let total = 0
  for (const tie of descending(scores, labels)) {
    positives += tie.positives
    seen += tie.positives + tie.negatives
    total += (tie.positives * positives) / seen
  }
  return total / positives
}
