import type { Decode, Manifest } from '@holdfast/contracts'
import type { CustomerEvent, Role } from '@holdfast/core'
import { GENERATED_SHOP } from '@holdfast/simulation'
import { TrainerError } from './errors.ts'

/** One record of an input topic. */
export interface LogRecord {
  readonly role: Role
  readonly value: Uint8Array | null
  /** The record's timestamp in domain time, ms. */
  readonly recordTimeMs: number
}

/** A log in the order in which it became known, ready to be learned from. */
export interface DecodedLog {
  readonly events: readonly CustomerEvent[]
  /** Records of unknown type, and records that are no event. */
  readonly skipped: number
  readonly invalid: number
  readonly learnedFrom: Manifest['learnedFrom']
}

/**
 * Reads records of all input topics, in any order, as the worker would, and sorts them by when they became known. The
 * decoded events stay in memory: about 250 bytes each.
 *
 * @throws TrainerError `too_little_data` when no event is left
 */
export async function decodeLog(
  records: Iterable<LogRecord> | AsyncIterable<LogRecord>,
  decode: Decode,
): Promise<DecodedLog> {
  const events: CustomerEvent[] = []
  let skipped = 0
  let invalid = 0
  let generated = 0
  for await (const { role, value, recordTimeMs } of records) {
    const decoded = decode(role, value, recordTimeMs)
    if (decoded.kind === 'event') {
      events.push(decoded.event)
      if (value !== null && isGenerated(value)) generated++
    } else if (decoded.kind === 'unknown_type') skipped++
    else invalid++
  }
  if (events.length === 0) {
    throw new TrainerError(
      'too_little_data',
      `the log holds no event to learn from (${skipped} records of unknown type, ${invalid} broken ones)`,
    )
  }
  events.sort((a, b) => a.knownAt - b.knownAt)
  return { events, skipped, invalid, learnedFrom: generated > events.length / 2 ? 'generated-shop' : 'log' }
}

/** A generated shop puts its name at the start of every event's source. */
function isGenerated(value: Uint8Array): boolean {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(`"${GENERATED_SHOP}:`)
}
