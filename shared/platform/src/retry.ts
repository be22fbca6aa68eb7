import { setTimeout as delay } from 'node:timers/promises'
import { asError, HoldfastError } from './errors.ts'

export interface RetryOptions {
  /** Attempts in all; default 5. `Infinity` is allowed when there is a signal to end it. */
  readonly attempts?: number
  /** Upper bound of the first pause, ms; doubles with each attempt. Default 100. */
  readonly baseMs?: number
  /** No pause is longer, ms. Default 10,000. */
  readonly maxMs?: number
  /** Ends the waiting between attempts; an attempt under way is not interrupted. */
  readonly signal?: AbortSignal
  /** Default: a coded error says so itself, any other may be retried. */
  readonly canRetry?: (error: Error) => boolean
  /** Told before each pause. */
  readonly onRetry?: (error: Error, attempt: number, pauseMs: number) => void
  /** 0 to 1; for tests. */
  readonly random?: () => number
}

/**
 * Runs a task until it succeeds, with exponential backoff and full jitter between attempts
 * (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
 * @throws the last error of the task; on abort, the reason of the signal.
 */
export async function retry<T>(task: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { attempts = 5, baseMs = 100, maxMs = 10_000, signal, canRetry = isRetriable, onRetry } = options
  const random = options.random ?? Math.random
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await task(attempt)
    } catch (thrown) {
      const error = asError(thrown)
      if (attempt >= attempts || !canRetry(error)) throw error
      const pauseMs = Math.round(random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)))
      onRetry?.(error, attempt, pauseMs)
      await pause(pauseMs, signal)
    }
  }
}

function isRetriable(error: Error): boolean {
  return error instanceof HoldfastError ? error.canRetry : true
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  } catch (thrown) {
    signal?.throwIfAborted()
    throw thrown
  }
}
