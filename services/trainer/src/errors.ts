export type TrainerErrorCode =
  | 'out_of_order'
  | 'window_past_end'
  | 'too_little_data'
  | 'bad_record'
  | 'bad_thresholds'
  | 'version_taken'
  | 'leaks'
  | 'one_class'
  | 'too_few_positives'
  | 'no_variation'
  | 'not_finite'

/** The data cannot be learned from as it is; the message says what to change. */
export class TrainerError extends Error {
  readonly code: TrainerErrorCode

  constructor(code: TrainerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'TrainerError'
    this.code = code
  }
}
