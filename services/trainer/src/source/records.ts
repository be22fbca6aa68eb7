import type { Decode } from '@holdfast/contracts'
import type { LogRecord } from '../log.ts'
import { createCounting } from './counting.ts'
import type { EventSource } from './event-source.ts'

export interface RecordSourceOptions {
  readonly name: string
  /** Opens the log anew: records of all input topics, in any order. */
  readonly records: () => Iterable<LogRecord> | AsyncIterable<LogRecord>
  readonly decode: Decode
}

/** Events of records that somebody else reads, such as those of the topics. */
export function openRecords({ name, records, decode }: RecordSourceOptions): EventSource {
  let counting = createCounting()
  async function* events() {
    const counter = createCounting()
    counting = counter
    let read = 0
    for await (const { role, value, recordTimeMs } of records()) {
      read++
      const event = counter.take(decode(role, value, recordTimeMs), value, () => `record ${read} (${role})`)
      if (event !== undefined) yield event
    }
  }
  return { name, counts: () => counting.counts(), [Symbol.asyncIterator]: events }
}
