import { DAY_MS } from '../time.ts'

/**
 * Exponentially decayed sums, kept as values at one instant: Σ x·2^(-(at - t)/halfLife). A sum can be moved forward and an
 * older contribution can still be added, so the order of events does not matter beyond rounding (1e-9 relative).
 */
export function decayFactor(halfLifeDays: number, elapsedMs: number): number {
  // exp is several times as quick as a power of two.
  return Math.exp((-Math.LN2 / (halfLifeDays * DAY_MS)) * elapsedMs)
}

/** How sums that stand at `at` and something of instant `t` come to stand at the later of the two: one for all sums of a group. */
export interface Advance {
  /** Whether the sums move, and not what is added. */
  readonly sumsMove: boolean
  /** By half-life; what moves is multiplied by it. */
  readonly factors: readonly number[]
}

/** An `at` before 1970 stands for sums that are still empty. */
export function advance(halfLivesDays: readonly number[], at: number, t: number): Advance {
  const elapsed = at < 0 ? 0 : Math.abs(t - at)
  const factors = new Array<number>(halfLivesDays.length)
  for (let i = 0; i < factors.length; i++) factors[i] = decayFactor(halfLivesDays[i]!, elapsed)
  return { sumsMove: t >= at, factors }
}

/** Adds `x` to `sums`, in place: both stand after the advance then. */
export function addDecayed(sums: number[], { sumsMove, factors }: Advance, x: number): void {
  for (let i = 0; i < sums.length; i++) {
    sums[i] = sumsMove ? sums[i]! * factors[i]! + x : sums[i]! + x * factors[i]!
  }
}

/** The same for a single sum. An `at` before 1970 stands for an empty one. */
export function addDecayedOne(sum: number, halfLifeDays: number, at: number, x: number, t: number): number {
  if (at < 0) return x
  return t >= at ? sum * decayFactor(halfLifeDays, t - at) + x : sum + x * decayFactor(halfLifeDays, at - t)
}
