import type { LogisticFit } from '@holdfast/scorer'

/** More rows only repeat what they say of the spread; their number is scaled up. */
const MOST_ROWS = 20_000

/**
 * Standard errors of standardised weights: the root of the diagonal of the inverse Hessian of the penalised log loss (Laplace's
 * approximation). Rows of one customer at several cutoffs count as if they were others', so they are rather too small.
 */
export function standardErrors(fit: LogisticFit, x: Float32Array, rows: number, ridge: number): Float64Array {
  const { weights, bias } = fit.standardised
  const { mean, scale } = fit.standardisation
  const width = weights.length
  const size = width + 1
  const step = Math.max(1, Math.ceil(rows / MOST_ROWS))
  const hessian = Array.from({ length: size }, () => new Float64Array(size))
  const z = new Float64Array(size)
  z[width] = 1
  for (let i = 0; i < rows; i += step) {
    let logit = bias
    for (let j = 0; j < width; j++) {
      z[j] = (x[i * width + j]! - mean[j]!) / scale[j]!
      logit += weights[j]! * z[j]!
    }
    const p = 1 / (1 + Math.exp(-logit))
    const curvature = step * p * (1 - p)
    for (let j = 0; j < size; j++) {
      const factor = curvature * z[j]!
      if (factor === 0) continue
      const row = hessian[j]!
      for (let k = 0; k <= j; k++) row[k]! += factor * z[k]!
    }
  }
  for (let j = 0; j < size; j++) hessian[j]![j]! += j < width ? Math.max(ridge, 1e-9) : 1e-9
  return inverseDiagonal(hessian).subarray(0, width).map(Math.sqrt)
}

/** Diagonal of the inverse of a positive definite matrix whose lower triangle is given: Cholesky, then L⁻¹ column by column. */
function inverseDiagonal(lower: Float64Array[]): Float64Array {
  const n = lower.length
  for (let j = 0; j < n; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = lower[j]![k]!
      for (let m = 0; m < k; m++) sum -= lower[j]![m]! * lower[k]![m]!
      lower[j]![k] = j === k ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[k]![k]!
    }
  }
  const diagonal = new Float64Array(n)
  const column = new Float64Array(n)
  for (let c = 0; c < n; c++) {
    for (let j = c; j < n; j++) {
      let sum = j === c ? 1 : 0
      for (let k = c; k < j; k++) sum -= lower[j]![k]! * column[k]!
      column[j] = sum / lower[j]![j]!
      diagonal[c]! += column[j]! ** 2
    }
  }
  return diagonal
}
