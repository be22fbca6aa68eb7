/** A minimum as a search left it. */
export interface Found {
  readonly point: readonly number[]
  readonly value: number
  /** False where a fresh search from the point still gained. */
  readonly converged: boolean
}

type Vertex = { readonly point: readonly number[]; readonly value: number }

const MOST_STEPS = 2_000
const FLAT = 1e-12
const NARROW = 1e-7
/** Steps in which the best must gain more than STILL, relative: along a flat ridge a simplex never narrows. */
const PATIENCE = 80
const STILL = 1e-11
/** Likewise of a fresh search. */
const GAINED = 1e-9
const MOST_SEARCHES = 10

/**
 * The least value of `of` that Nelder and Mead's simplex finds (The Computer Journal 7, 1965) from any of `starts`. The best
 * is taken up again with a fresh simplex until that gains nothing: a simplex that has collapsed early does not count. A
 * value that is not finite counts as infinitely bad.
 */
export function minimiseSmooth(
  of: (point: readonly number[]) => number,
  starts: readonly (readonly number[])[],
): Found {
  const safe = (point: readonly number[]) => {
    const value = of(point)
    return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY
  }
  let best = descend(safe, starts[0]!, 0.5)
  for (const start of starts.slice(1)) {
    const found = descend(safe, start, 0.5)
    if (found.value < best.value) best = found
  }
  for (let again = 0; again < MOST_SEARCHES; again++) {
    const found = descend(safe, best.point, 0.1)
    const gained = best.value - found.value
    if (gained > 0) best = found
    if (!(gained > GAINED * Math.max(1, Math.abs(best.value))))
      return { ...best, converged: Number.isFinite(best.value) }
  }
  return { ...best, converged: false }
}

function descend(of: (point: readonly number[]) => number, start: readonly number[], size: number): Vertex {
  const at = (point: readonly number[]): Vertex => ({ point, value: of(point) })
  const simplex: Vertex[] = [at(start), ...start.map((_, i) => at(start.map((x, j) => (i === j ? x + size : x))))]
  let bar = Number.POSITIVE_INFINITY
  let stalled = 0
  for (let step = 0; step < MOST_STEPS; step++) {
    simplex.sort((a, b) => a.value - b.value)
    const [best, worst] = [simplex[0]!, simplex.at(-1)!]
    const size = Math.max(1, Math.abs(best.value))
    if (worst.value - best.value <= FLAT * size && width(simplex) < NARROW) return best
    stalled = best.value < bar - STILL * size ? 0 : stalled + 1
    if (stalled === 0) bar = best.value
    else if (stalled > PATIENCE) return best
    const others = simplex.slice(0, -1)
    const centre = start.map((_, j) => others.reduce((sum, { point }) => sum + point[j]!, 0) / others.length)
    const along = (factor: number) => at(centre.map((c, j) => c + factor * (worst.point[j]! - c)))
    const reflected = along(-1)
    let next = reflected
    if (reflected.value < best.value) {
      const expanded = along(-2)
      if (expanded.value < reflected.value) next = expanded
    } else if (reflected.value >= others.at(-1)!.value) {
      next = reflected.value < worst.value ? along(-0.5) : along(0.5)
      if (next.value >= Math.min(reflected.value, worst.value)) {
        const shrunk = simplex
          .slice(1)
          .map(({ point }) => at(point.map((x, j) => best.point[j]! + 0.5 * (x - best.point[j]!))))
        simplex.splice(1, shrunk.length, ...shrunk)
        continue
      }
    }
    simplex[simplex.length - 1] = next
  }
  simplex.sort((a, b) => a.value - b.value)
  return simplex[0]!
}

function width(simplex: readonly Vertex[]): number {
  const first = simplex[0]!.point
  return Math.max(...simplex.map(({ point }) => Math.max(...point.map((x, j) => Math.abs(x - first[j]!)))))
}
