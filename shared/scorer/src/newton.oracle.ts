/**
 * The test oracle for `fitLogistic`: Newton's method in plain float64 arithmetic on standardised inputs, `w` of length
 * d + 1 with the bias last. Cubic in features, so only for small tables.
 */
export function newtonLogistic(x: ArrayLike<number>, y: ArrayLike<number>, d: number, l2: number): Float64Array {
  const n = y.length
  const theta = new Float64Array(d + 1)
  for (let iteration = 0; iteration < 50; iteration++) {
    const gradient = new Float64Array(d + 1)
    const hessian = Array.from({ length: d + 1 }, () => new Float64Array(d + 1))
    for (let i = 0; i < n; i++) {
      const row = Array.from({ length: d + 1 }, (_, j) => (j < d ? x[i * d + j]! : 1))
      const p = 1 / (1 + Math.exp(-row.reduce((z, value, j) => z + value * theta[j]!, 0)))
      for (let j = 0; j <= d; j++) {
        gradient[j]! += (p - y[i]!) * row[j]!
        for (let k = 0; k <= d; k++) hessian[j]![k]! += p * (1 - p) * row[j]! * row[k]!
      }
    }
    for (let j = 0; j < d; j++) {
      gradient[j]! += l2 * theta[j]!
      hessian[j]![j]! += l2
    }
    const step = solve(hessian, gradient)
    for (let j = 0; j <= d; j++) theta[j]! -= step[j]!
    if (Math.max(...step.map(Math.abs)) < 1e-12) break
  }
  return theta
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: Float64Array[], right: Float64Array): Float64Array {
  const n = right.length
  const a = matrix.map((row, i) => [...row, right[i]!])
  for (let c = 0; c < n; c++) {
    const pivot = a.slice(c).reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(a[best]![c]!) ? c + i : best), c)
    ;[a[c], a[pivot]] = [a[pivot]!, a[c]!]
    for (let r = 0; r < n; r++) {
      if (r === c) continue
      const factor = a[r]![c]! / a[c]![c]!
      for (let k = c; k <= n; k++) a[r]![k]! -= factor * a[c]![k]!
    }
  }
  return Float64Array.from(a, (row, i) => row[n]! / row[i]!)
}

/** Mean of `-log p(label)` at `theta`. */
export function meanLogLoss(x: ArrayLike<number>, y: ArrayLike<number>, d: number, theta: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < y.length; i++) {
    let z = theta[d]!
    for (let j = 0; j < d; j++) z += x[i * d + j]! * theta[j]!
    total += (z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z))) - y[i]! * z
  }
  return total / y.length
}
