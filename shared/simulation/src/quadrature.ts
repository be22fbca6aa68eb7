import { DAY_MS } from './season.ts'

/** Sum of exponentials, kept as a logarithm so that nothing under- or overflows. */
export class LogSum {
  #highest = Number.NEGATIVE_INFINITY
  #sum = 0

  add(log: number): void {
    if (log === Number.NEGATIVE_INFINITY) return
    if (log <= this.#highest) this.#sum += Math.exp(log - this.#highest)
    else {
      this.#sum = this.#sum * Math.exp(this.#highest - log) + 1
      this.#highest = log
    }
  }

  value(): number {
    return this.#highest + Math.log(this.#sum)
  }
}

const GAUSS_2 = 1 / Math.sqrt(3)
const LONGEST_MS = 20 * DAY_MS

/**
 * Gauss-Legendre with two points on every piece of (from, until) between the knots (all ms); pieces are at most 20 days.
 * Calls `point` with the instant and the logarithm of its weight in days. The integrand must be smooth between knots.
 */
export function quadrature(
  from: number,
  until: number,
  knots: readonly number[],
  point: (time: number, logWeightDays: number) => void,
): void {
  const edges = Float64Array.from([from, ...knots.filter((knot) => knot > from && knot < until), until]).sort()
  for (let i = 1; i < edges.length; i++) {
    const start = edges[i - 1] ?? from
    const length = (edges[i] ?? until) - start
    if (length <= 0) continue
    const pieces = Math.ceil(length / LONGEST_MS)
    const half = length / pieces / 2
    const logWeight = Math.log(half / DAY_MS)
    for (let piece = 0; piece < pieces; piece++) {
      const middle = start + (2 * piece + 1) * half
      point(middle - half * GAUSS_2, logWeight)
      point(middle + half * GAUSS_2, logWeight)
    }
  }
}
