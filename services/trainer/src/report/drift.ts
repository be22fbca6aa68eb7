/** How a value was spread when the model learned: what later values are held against. */
export interface Reference {
  /** Inner bounds of bins of about equal size, ascending; values at a bound belong above it. */
  readonly bounds: readonly number[]
  /** Share of training rows in each bin, one more than bounds. */
  readonly shares: readonly number[]
}

const BINS = 10
/** A share that stands for an empty bin: one must not cost infinity. */
const LEAST = 1e-4

/** Deciles of the values; fewer bins where values repeat. */
export function referenceOf(values: ArrayLike<number>): Reference {
  const sorted = Float64Array.from({ length: values.length }, (_, i) => values[i]!).sort()
  const bounds: number[] = []
  for (let bin = 1; bin < BINS; bin++) {
    const bound = sorted[Math.floor((bin / BINS) * sorted.length)]!
    if (bound > (bounds.at(-1) ?? sorted[0]!)) bounds.push(bound)
  }
  return { bounds, shares: sharesOf(values, bounds) }
}

/**
 * Population stability index: Σ (now - then) · ln(now / then) over bins. Below 0.1 usually nothing, above 0.25 another
 * population (N. Siddiqi, Credit Risk Scorecards, 2006).
 */
export function populationStability({ bounds, shares }: Reference, values: ArrayLike<number>): number {
  const now = sharesOf(values, bounds)
  return shares.reduce((sum, then, bin) => {
    const [a, b] = [Math.max(LEAST, now[bin]!), Math.max(LEAST, then)]
    return sum + (a - b) * Math.log(a / b)
  }, 0)
}

function sharesOf(values: ArrayLike<number>, bounds: readonly number[]): number[] {
  const counts = new Float64Array(bounds.length + 1)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    let bin = 0
    while (bin < bounds.length && value >= bounds[bin]!) bin++
    counts[bin]!++
  }
  return Array.from(counts, (count) => count / Math.max(1, values.length))
}
