/** Smallest probability that is told apart from impossible: one wrong certainty must not cost infinity. */
const CERTAIN = 1e-7

/** Mean of `-log p(label)`. */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  return mean(labels.length, (i) => {
    const p = Math.min(1 - CERTAIN, Math.max(CERTAIN, probabilities[i]!))
    return labels[i]! > 0 ? -Math.log(p) : -Math.log1p(-p)
  })
}

/** Mean squared distance of probability and label (Brier, Monthly Weather Review 78, 1950). */
export function brier(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  return mean(labels.length, (i) => (probabilities[i]! - labels[i]!) ** 2)
}

/** One line of a reliability table: rows whose probability lies in `[from, to)`. */
export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly rows: number
  /** Mean probability said, and share that came true. */
  readonly predicted: number
  readonly observed: number
}

/** Reliability table over bins of equal width; empty bins are left out. The last bin includes 1. */
export function reliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins = 10,
): readonly ReliabilityBin[] {
  const rows = new Float64Array(bins)
  const predicted = new Float64Array(bins)
  const observed = new Float64Array(bins)
  for (let i = 0; i < labels.length; i++) {
    const bin = Math.min(bins - 1, Math.floor(probabilities[i]! * bins))
    rows[bin]! += 1
    predicted[bin]! += probabilities[i]!
    observed[bin]! += labels[i]!
  }
  return [...rows.keys()].flatMap((bin) => {
    const count = rows[bin]!
    if (count === 0) return []
    const [from, to] = [bin / bins, (bin + 1) / bins]
    return [{ from, to, rows: count, predicted: predicted[bin]! / count, observed: observed[bin]! / count }]
  })
}

/** Expected calibration error: distance of said and seen, weighted by rows. */
export function calibrationError(table: readonly ReliabilityBin[]): number {
  const rows = table.reduce((sum, bin) => sum + bin.rows, 0)
  return table.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.predicted - bin.observed), 0) / rows
}

function mean(n: number, of: (i: number) => number): number {
  let total = 0
  for (let i = 0; i < n; i++) total += of(i)
  return total / n
}
