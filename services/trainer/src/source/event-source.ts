import type { CustomerEvent } from '@holdfast/core'

/** What was read so far; complete once an iteration has ended. */
export interface SourceCounts {
  readonly events: number
  /** Of types that this version does not know. */
  readonly skipped: number
  readonly invalid: number
  /** Where the first that is no event stands, and why. */
  readonly firstInvalid: string | undefined
  /** Events that a generated shop made. */
  readonly generated: number
  /** Oldest and newest event, ms, by when it happened; our own actions aside. */
  readonly firstAt: number | undefined
  readonly lastAt: number | undefined
  /** End of the newest event's UTC day, ms. */
  readonly end: number | undefined
}

/** Events of a log, in the order in which they lie there. Each iteration reads it anew and counts anew. */
export interface EventSource extends AsyncIterable<CustomerEvent> {
  /** For people. */
  readonly name: string
  counts(): SourceCounts
}
