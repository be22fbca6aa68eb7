import { HEADERS, type TopicNames } from '@holdfast/contracts'
import { ROLES, type Role } from '@holdfast/core'
import { type LoggedRecord, logBounds, murmur2Partition, readLog } from '@holdfast/platform'
import type { LogRecord } from '../log.ts'

type ReadLogOptions = Parameters<typeof readLog>[0]

export interface TopicRecordsOptions {
  readonly kafka: ReadLogOptions['kafka']
  readonly admin: ReadLogOptions['admin']
  readonly topics: TopicNames
  readonly onProgress?: (read: number, total: number) => void
}

/** The topics that are read, with their roles. */
export function inputRoles(topics: TopicNames): ReadonlyMap<string, Role> {
  return new Map(ROLES.map((role) => [topics[role], role]))
}

/**
 * All records of the input topics up to where they end now, in no particular order across partitions. Originals on a wrong
 * partition are left out: their re-published copies are in the log as well.
 */
export async function* topicRecords({
  kafka,
  admin,
  topics,
  onProgress,
}: TopicRecordsOptions): AsyncGenerator<LogRecord> {
  const roles = inputRoles(topics)
  const inputs = [...roles.keys()]
  const bounds = await logBounds(admin, inputs)
  const partitions = Math.max(...bounds.map(({ partition }) => partition + 1))
  const total = bounds.reduce((sum, { low, high }) => sum + high - low, 0)
  let read = 0
  for await (const batch of batches({ kafka, admin, topics: inputs })) {
    for (const record of batch) {
      const role = roles.get(record.topic)
      if (role !== undefined && isAtHome(record, partitions)) {
        yield { role, value: record.value, recordTimeMs: recordTimeOf(record.headers, record.timestamp) }
      }
    }
    read += batch.length
    onProgress?.(read, total)
  }
}

/** When a record was first written, wall clock, ms: also of one that is a re-published copy. */
export function recordTimeOf(headers: Readonly<Record<string, unknown>>, timestamp: number): number {
  const original = headers[HEADERS.originTimestamp]
  return original === undefined ? timestamp : Number(String(original))
}

/** Whether the risk-worker would take this record where it stands. */
export function isAtHome(
  { key, value, partition }: Pick<LoggedRecord, 'key' | 'value' | 'partition'>,
  partitions: number,
): boolean {
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
async function* batches(options: Pick<ReadLogOptions, 'kafka' | 'admin' | 'topics'>) {
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
