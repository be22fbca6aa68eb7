/**
 * Limited-memory BFGS (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5) for a smooth convex
 * function whose value carries float32 noise: near the optimum, where differences of values drown in that noise, a step is
 * judged by the slope along it, which keeps its precision (the approximate Wolfe conditions of Hager & Zhang, 2005).
 */

export interface Evaluation {
  readonly value: number
  readonly gradient: Float64Array
}

export interface Minimum extends Evaluation {
  readonly theta: Float64Array
  /** Largest component of the gradient, absolute. */
  readonly gradientNorm: number
  readonly converged: boolean
  readonly iterations: number
}

export interface MinimiseOptions {
  readonly maxIterations: number
  /** Converged when no component of the gradient exceeds this. */
  readonly tolerance: number
}

const MEMORY = 20
/** Share of the initial slope that may be left at the end of a step. */
const CURVATURE = 0.5
/** Relative noise of a value that is summed in float32. */
const NOISE = 1e-6
const MAX_TRIALS = 20

interface Point extends Evaluation {
  readonly theta: Float64Array
}

interface Pair {
  readonly step: Float64Array
  readonly change: Float64Array
  readonly inverse: number
}

export function minimise(
  evaluate: (theta: Float64Array) => Evaluation,
  start: Float64Array,
  { maxIterations, tolerance }: MinimiseOptions,
): Minimum {
  const pairs: Pair[] = []
  let here: Point = { theta: start, ...evaluate(start) }
  let iterations = 0
  while (iterations < maxIterations && largest(here.gradient) > tolerance) {
    const direction = descentDirection(here.gradient, pairs)
    const next = lineSearch(evaluate, here, direction, pairs.length === 0 ? 1 / norm(here.gradient) : 1)
    // No step along the steepest descent either: the noise floor is reached.
    if (next === undefined && pairs.length === 0) break
    if (next === undefined) {
      pairs.length = 0
      continue
    }
    iterations++
    remember(pairs, here, next)
    here = next
  }
  const gradientNorm = largest(here.gradient)
  return { ...here, gradientNorm, converged: gradientNorm <= tolerance, iterations }
}

/** Two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function descentDirection(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map((g) => -g)
  const alphas: number[] = []
  for (const { step, change, inverse } of pairs.toReversed()) {
    const alpha = inverse * dot(step, q)
    alphas.push(alpha)
    addScaled(q, change, -alpha)
  }
  const newest = pairs.at(-1)
  if (newest !== undefined) {
    const scale = 1 / (newest.inverse * dot(newest.change, newest.change))
    for (let j = 0; j < q.length; j++) q[j] = q[j]! * scale
  }
  for (const { step, change, inverse } of pairs) {
    const beta = inverse * dot(change, q)
    addScaled(q, step, alphas.pop()! - beta)
  }
  return q
}

/**
 * Brackets and bisects (with a secant guess on the slope) until the slope has shrunk enough. Still falling, the convex
 * function cannot have risen, whatever its noisy value says; past the minimum the value must not have risen either.
 */
function lineSearch(
  evaluate: (theta: Float64Array) => Evaluation,
  here: Point,
  direction: Float64Array,
  firstLength: number,
): Point | undefined {
  const slopeHere = dot(here.gradient, direction)
  if (!(slopeHere < 0)) return undefined
  const allowed = here.value + NOISE * Math.abs(here.value)
  let low = 0
  let slopeLow = slopeHere
  let high = Number.POSITIVE_INFINITY
  let length = firstLength
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const theta = here.theta.slice()
    addScaled(theta, direction, length)
    const there = { theta, ...evaluate(theta) }
    const slope = dot(there.gradient, direction)
    if (slope >= CURVATURE * slopeHere && (slope <= 0 || (slope <= -CURVATURE * slopeHere && there.value <= allowed))) {
      return there
    }
    if (slope < 0) {
      // The minimum lies farther.
      const secant =
        slope > slopeLow ? low + ((length - low) * -slopeLow) / (slope - slopeLow) : Number.POSITIVE_INFINITY
      low = length
      slopeLow = slope
      length = high < Number.POSITIVE_INFINITY ? (low + high) / 2 : Math.min(Math.max(secant, 2 * length), 10 * length)
    } else {
      const secant = slope > slopeLow ? low + ((length - low) * -slopeLow) / (slope - slopeLow) : Number.NaN
      high = length
      const inside = secant > low + 0.1 * (high - low) && secant < high - 0.1 * (high - low)
      length = inside ? secant : (low + high) / 2
    }
  }
  return undefined
}

function remember(pairs: Pair[], from: Point, to: Point): void {
  const step = to.theta.map((value, j) => value - from.theta[j]!)
  const change = to.gradient.map((value, j) => value - from.gradient[j]!)
  const curvature = dot(step, change)
  if (!(curvature > 1e-12 * norm(step) * norm(change))) return
  pairs.push({ step, change, inverse: 1 / curvature })
  if (pairs.length > MEMORY) pairs.shift()
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0
  for (let j = 0; j < a.length; j++) total += a[j]! * b[j]!
  return total
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a))
}

function largest(a: Float64Array): number {
  return a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let j = 0; j < target.length; j++) target[j] = target[j]! + factor * source[j]!
}
