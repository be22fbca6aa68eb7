/** Rows that share one score. */
export interface Tie {
  readonly score: number
  readonly positives: number
  readonly negatives: number
}

/** Groups rows by score, highest first. Labels are 0 or 1. */
export function descending(scores: ArrayLike<number>, labels: ArrayLike<number>): Tie[] {
  if (scores.length !== labels.length) {
    throw new RangeError(`${scores.length} scores do not go with ${labels.length} labels`)
  }
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i)
  order.sort((a, b) => scores[b]! - scores[a]!)
  const ties: { score: number; positives: number; negatives: number }[] = []
  for (const i of order) {
    let tie = ties.at(-1)
    if (tie === undefined || tie.score !== scores[i]!) {
      tie = { score: scores[i]!, positives: 0, negatives: 0 }
      ties.push(tie)
    }
    if (labels[i]! > 0) tie.positives++
    else tie.negatives++
  }
  return ties
}
