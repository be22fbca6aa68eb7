/** What went wrong, for programs: the message is for people and says what to do. */
export type ScorerErrorCode =
  | 'backend_unknown'
  | 'backend_unavailable'
  | 'model_missing'
  | 'model_corrupt'
  | 'model_unsupported'
  | 'shape_mismatch'
  | 'training_data'

export class ScorerError extends Error {
  readonly code: ScorerErrorCode

  constructor(code: ScorerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ScorerError'
    this.code = code
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
