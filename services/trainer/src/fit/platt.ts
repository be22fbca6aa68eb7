/** A straight line on the logit: `slope · logit + shift` (J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999). */
export interface PlattStep {
  readonly slope: number
  readonly shift: number
}

export const NO_STEP: PlattStep = { slope: 1, shift: 0 }

/** The line of least log loss, by Newton's method; drawn towards doing nothing as strongly as ten rows would. */
export function fitPlatt(logits: ArrayLike<number>, labels: ArrayLike<number>): PlattStep {
  const PULL = 10
  let { slope, shift } = NO_STEP
  for (let step = 0; step < 50; step++) {
    let [g0, g1] = [PULL * shift, PULL * (slope - 1)]
    let [h00, h01, h11] = [PULL, 0, PULL]
    for (let i = 0; i < labels.length; i++) {
      const z = logits[i]!
      const p = 1 / (1 + Math.exp(-(slope * z + shift)))
      const w = p * (1 - p)
      g0 += p - labels[i]!
      g1 += (p - labels[i]!) * z
      h00 += w
      h01 += w * z
      h11 += w * z * z
    }
    const determinant = h00 * h11 - h01 * h01
    const moveShift = (h11 * g0 - h01 * g1) / determinant
    const moveSlope = (h00 * g1 - h01 * g0) / determinant
    shift -= moveShift
    slope -= moveSlope
    if (Math.abs(moveShift) + Math.abs(moveSlope) < 1e-9) break
  }
  return { slope, shift }
}

export interface JudgedLogits {
  /** ms */
  readonly cutoff: number
  readonly logits: ArrayLike<number>
  readonly labels: ArrayLike<number>
}

export interface PlattChoice {
  readonly step: PlattStep
  readonly applied: boolean
  readonly why: string
}

/**
 * Keeps the step only if one that was fitted on earlier windows lowers the log loss on the newest window by more than twice
 * the standard error of the difference; else it is more likely to carry one season's level into the next.
 */
export function choosePlatt(windows: readonly JudgedLogits[], horizonMs: number): PlattChoice {
  const newest = windows.at(-1)
  const earlier = windows.filter(({ cutoff }) => newest !== undefined && cutoff + horizonMs <= newest.cutoff)
  if (newest === undefined || earlier.length === 0) {
    return { step: NO_STEP, applied: false, why: 'no two windows far enough apart to see whether it helps' }
  }
  const tried = fitPlatt(joined(earlier, 'logits'), joined(earlier, 'labels'))
  const gains = Float64Array.from({ length: newest.labels.length }, (_, i) => {
    const z = newest.logits[i]!
    return loss(z, newest.labels[i]!) - loss(tried.slope * z + tried.shift, newest.labels[i]!)
  })
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length
  const error = Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0)) / gains.length
  const told = `${mean >= 0 ? 'lowers' : 'raises'} the log loss of a later window by ${Math.abs(mean).toFixed(4)} ± ${error.toFixed(4)}`
  if (mean <= 2 * error) return { step: NO_STEP, applied: false, why: told }
  return { step: fitPlatt(joined(windows, 'logits'), joined(windows, 'labels')), applied: true, why: told }
}

function loss(logit: number, label: number): number {
  return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - label * logit
}

function joined(windows: readonly JudgedLogits[], what: 'logits' | 'labels'): Float64Array {
  return Float64Array.from(windows.flatMap((window) => Array.from(window[what])))
}
