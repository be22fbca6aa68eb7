import { setTimeout as delay } from 'node:timers/promises'

export interface EventuallyOptions {
  /** Default 15,000. */
  readonly timeoutMs?: number
  /** Pause between looks. Default 25. */
  readonly everyMs?: number
}

/**
 * Looks again and again until the condition holds: until it returns something other than undefined, null and false without
 * throwing, such as a failed expectation. Resolves with what it returned; a 0 counts.
 * @throws the condition's last error, or one that says what was waited for.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 15_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const endsAt = performance.now() + timeoutMs
  for (;;) {
    let failure: unknown
    try {
      const value = await condition()
      if (value !== undefined && value !== null && value !== false) return value
      failure = new Error(`still ${String(value)} after ${timeoutMs} ms: ${condition.toString()}`)
    } catch (thrown) {
      failure = thrown
    }
    if (performance.now() >= endsAt) throw failure
    await delay(everyMs)
  }
}
