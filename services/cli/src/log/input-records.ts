import { HEADERS, type TopicNames } from '@holdfast/contracts'
import { ROLES, type Role } from '@holdfast/core'
import { logBounds, murmur2Partition } from '@holdfast/platform'
import { inputTopics } from '../config.ts'
import type { Admin, Kafka } from '../installation.ts'
import { type LoggedRecord, readLog } from './read-log.ts'

/** One record of an input topic, as the trainer takes it. */
export interface InputRecord {
  readonly role: Role
  readonly value: Buffer | null
  /** Wall clock, ms: of the first record where this one is a re-published copy. */
  readonly recordTimeMs: number
}

export interface InputRecordsOptions {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly topics: TopicNames
  readonly onProgress?: (read: number, total: number) => void
}

/**
 * All records of the input topics up to where they end now, in no particular order across partitions. Originals on a wrong
 * partition are left out: their re-published copies are in the log as well.
 */
export async function* inputRecords(options: InputRecordsOptions): AsyncGenerator<InputRecord> {
  const { kafka, admin, topics, onProgress } = options
  const roles = new Map(ROLES.map((role) => [topics[role], role]))
  const bounds = await logBounds(admin, inputTopics(topics))
  const partitions = Math.max(...bounds.map(({ partition }) => partition + 1))
  const total = bounds.reduce((sum, { low, high }) => sum + high - low, 0)
  let read = 0
  for await (const batch of batches({ kafka, admin, topics: inputTopics(topics) })) {
    for (const record of batch) {
      const role = roles.get(record.topic)
      if (role !== undefined && isAtHome(record, partitions)) {
        const recordTimeMs = Number(record.headers[HEADERS.originTimestamp] ?? record.timestamp)
        yield { role, value: record.value, recordTimeMs }
      }
    }
    read += batch.length
    onProgress?.(read, total)
  }
}

/** Whether the risk-worker would take this record where it stands. */
export function isAtHome({ key, value, partition }: LoggedRecord, partitions: number): boolean {
  const subject = subjectOf(value)
  // What is no event is counted as such, wherever it stands.
  if (subject === undefined) return true
  return key !== null && murmur2Partition(Buffer.from(subject), partitions) === partition
}

function subjectOf(value: Buffer | null): string | undefined {
  try {
    const event: unknown = JSON.parse(String(value))
    const isObject = typeof event === 'object' && event !== null
    return isObject && 'subject' in event && typeof event.subject === 'string' ? event.subject : undefined
  } catch {
    return undefined
  }
}

/** Batches as they come; the broker is asked for the next one when this one has been dealt with. */
async function* batches(options: { kafka: Kafka; admin: Admin; topics: readonly string[] }) {
  const arrived: { records: readonly LoggedRecord[]; done: () => void }[] = []
  let wake = () => {}
  let failure: unknown
  let ended = false
  const reading = readLog({
    ...options,
    onBatch: (records) =>
      new Promise<void>((resolve) => {
        arrived.push({ records, done: resolve })
        wake()
      }),
  })
    .catch((thrown: unknown) => {
      failure = thrown
    })
    .finally(() => {
      ended = true
      wake()
    })
  for (;;) {
    const next = arrived.shift()
    if (next !== undefined) {
      yield next.records
      next.done()
    } else if (ended) {
      break
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  await reading
  if (failure !== undefined) throw failure
}
