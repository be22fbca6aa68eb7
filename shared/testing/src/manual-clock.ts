import type { Clock } from '@holdfast/platform'

export interface ManualClock extends Clock {
  advance(ms: number): void
  /** Domain time, ms. Going back is allowed: clocks of machines do. */
  set(atMs: number): void
}

/** A clock that stands still until it is told; it runs at the pace of the wall clock as far as `wallDelay` is concerned. */
export function manualClock(atMs: number): ManualClock {
  let now = atMs
  return {
    now: () => now,
    wallDelay: (untilMs) => Math.max(0, untilMs - now),
    advance(ms) {
      now += ms
    },
    set(at) {
      now = at
    },
  }
}
