export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
  /** 0 to 1; for tests. */
  readonly random?: () => number
}

/** The pause after so many failures, ms: doubles from `baseMs` on, up to `maxMs`; half of it is chance, so that jobs do not march in step. */
export function pauseAfter(failures: number, { baseMs, maxMs, random = Math.random }: Backoff): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(30, failures - 1))
  return Math.round(full / 2 + (random() * full) / 2)
}
