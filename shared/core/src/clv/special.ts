/** Special functions that the models of purchase and spend need, in float64. */

/** Coefficients of the Lanczos approximation with g = 7, n = 9 (P. Godfrey, "A note on the computation of the convergent Lanczos complex Gamma approximation", 2001). */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)

/** ln Γ(x) for x > 0, to about 1e-14 relative (C. Lanczos, SIAM J. Numer. Anal. B 1, 1964). */
export function logGamma(x: number): number {
  // Below a half the sum loses digits; Γ(x) = Γ(x + 1) / x.
  if (x < 0.5) return logGamma(x + 1) - Math.log(x)
  let series = LANCZOS[0]
  for (let i = 1; i < LANCZOS.length; i++) series += LANCZOS[i]! / (x - 1 + i)
  const t = x + 6.5
  return HALF_LOG_TWO_PI + (x - 0.5) * Math.log(t) - t + Math.log(series)
}

/** ln B(a, b) for a, b > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

const MOST_TERMS = 200_000

/**
 * Gauss's ₂F₁(a, b; c; z) by its power series, for 0 ≤ z < 1 and c no integer ≤ 0 (Abramowitz & Stegun, 15.1.1). Terms fall
 * like z^k, so z close to 1 costs many.
 */
export function hypergeometric2F1(a: number, b: number, c: number, z: number): number {
  return 1 + b * hypergeometric2F1Rest(a, b, c, z)
}

/** (₂F₁(a, b; c; z) - 1) / b, also for b = 0. */
export function hypergeometric2F1Rest(a: number, b: number, c: number, z: number): number {
  let term = (a / c) * z
  let sum = term
  for (let k = 1; k < MOST_TERMS; k++) {
    const ratio = (((a + k) * (b + k)) / ((c + k) * (k + 1))) * z
    term *= ratio
    sum += term
    // Once terms shrink, what is left is at most a geometric series.
    if (Math.abs(ratio) < 1 && Math.abs(term) <= 1e-15 * Math.abs(sum) * (1 - Math.abs(ratio))) break
  }
  return sum
}

const LARGE = 1e200

/** e^logScale · ₂F₁(a, b; c; z) as above, where the one underflows and the other overflows. */
export function scaledHypergeometric2F1(logScale: number, a: number, b: number, c: number, z: number): number {
  let term = 1
  let sum = 1
  let scale = logScale
  for (let k = 0; k < MOST_TERMS; k++) {
    const ratio = (((a + k) * (b + k)) / ((c + k) * (k + 1))) * z
    term *= ratio
    sum += term
    if (Math.abs(ratio) < 1 && Math.abs(term) <= 1e-15 * Math.abs(sum) * (1 - Math.abs(ratio))) break
    if (Math.abs(sum) > LARGE) {
      term /= LARGE
      sum /= LARGE
      scale += Math.log(LARGE)
    }
  }
  return Math.sign(sum) * Math.exp(scale + Math.log(Math.abs(sum)))
}
