import { DAY_MS } from '../time.ts'

/**
 * Exponentially decayed sums, kept as values at one instant: Σ x·2^(-(at - t)/halfLife). A sum can be moved forward and an
 * older contribution can still be added, so the order of events does not matter beyond rounding (1e-9 relative).
 */
export function decayFactor(halfLifeDays: number, elapsedMs: number): number {
  // exp is several times as quick as a power of two.
  return Math.exp((-Math.LN2 / (halfLifeDays * DAY_MS)) * elapsedMs)
}

/**
 * `sums`, which stand at `at`, with `x` of instant `t` added, standing at the later of the two. An `at` before 1970 stands
 * for sums that are still empty.
 */
export function addDecayed(
  sums: readonly number[],
  halfLivesDays: readonly number[],
  at: number,
  x: number,
  t: number,
): number[] {
  const grown = new Array<number>(sums.length)
  for (let i = 0; i < sums.length; i++) grown[i] = addDecayedOne(sums[i]!, halfLivesDays[i]!, at, x, t)
  return grown
}

/** `addDecayed` for a single half-life. */
export function addDecayedOne(sum: number, halfLifeDays: number, at: number, x: number, t: number): number {
  if (at < 0) return x
  return t >= at ? sum * decayFactor(halfLifeDays, t - at) + x : sum + x * decayFactor(halfLifeDays, at - t)
}
