/** What went wrong, in words for whoever reads it: a code to search for, whether waiting can help, and what to do. */
export interface Trouble {
  /** Stable and searchable, `UPPER_SNAKE`. */
  readonly code: string
  /** What was wrong and where (topic, partition, offset, path). */
  readonly message: string
  /** What to do about it, a sentence. */
  readonly cure?: string
  readonly cause?: unknown
  /** True when the same attempt may succeed later without anybody doing anything. Default false. */
  readonly canRetry?: boolean
}

export class HoldfastError extends Error {
  readonly code: string
  readonly cure: string | undefined
  readonly canRetry: boolean

  constructor({ code, message, cure, cause, canRetry = false }: Trouble) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'HoldfastError'
    this.code = code
    this.cure = cure
    this.canRetry = canRetry
  }
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/**
 * An error as a person at a terminal wants to read it. A coded error is a few sentences; anything else is a defect, so its
 * stack is what helps.
 */
export function explainError(thrown: unknown): string {
  const error = asError(thrown)
  if (!(error instanceof HoldfastError)) return error.stack ?? `${error.name}: ${error.message}`
  const lines = [`${error.code}: ${error.message}`]
  for (const cause of causesOf(error)) lines.push(`  because: ${cause.message || cause.name}`)
  if (error.cure !== undefined) lines.push(`  what to do: ${error.cure}`)
  return lines.join('\n')
}

function causesOf(error: Error): Error[] {
  const causes: Error[] = []
  // Causes can be made to form a ring; eight say enough.
  for (let cause = error.cause; cause !== undefined && causes.length < 8; ) {
    const next = asError(cause)
    causes.push(next)
    cause = next.cause
  }
  return causes
}
