import type { Clock } from '@holdfast/platform'

/** The longest that a timer is trusted with, ms: a machine that slept looks at its clock again. */
const LONGEST_WAIT_MS = 5_000
/** The shortest, ms: what falls due within it travels together, and a clock that stands costs nothing. */
const SHORTEST_WAIT_MS = 10

/** Resolves at a domain instant, or early when `signal` is aborted. */
export async function waitUntil(clock: Clock, at: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.now() < at) {
    const left = Math.max(SHORTEST_WAIT_MS, clock.wallDelay(at))
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(left, LONGEST_WAIT_MS))
      signal.addEventListener('abort', done)
    })
  }
}
