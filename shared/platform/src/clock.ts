/**
 * Domain time: what the business calls now. It is the wall clock in live use, and may run faster or stand still elsewhere.
 * Delays, time-outs and record timestamps stay on the wall clock; `wallDelay` is the only bridge between the two.
 */
export interface Clock {
  /** Domain time, ms since 1970 UTC. */
  now(): number
  /** Wall-clock ms from now until the given domain instant; 0 when it has passed. */
  wallDelay(untilMs: number): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wallDelay: (untilMs) => Math.max(0, untilMs - Date.now()),
}
