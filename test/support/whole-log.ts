import { randomUUID } from 'node:crypto'
import { type Decode, HEADERS, type TopicNames } from '@holdfast/contracts'
import { type CustomerEvent, ROLES, type Role } from '@holdfast/core'
import { logBounds } from '@holdfast/platform'
import { eventually } from '@holdfast/testing'
import type { Kafka } from 'kafkajs'

export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

/** Everything that these topics hold, by a consumer that shares nothing with the worker's. */
export async function readWholeLog(kafka: Kafka, topics: readonly string[]): Promise<LogRecord[]> {
  const admin = kafka.admin()
  await admin.connect()
  const bounds = await logBounds(admin, topics)
  await admin.disconnect()
  const missing = new Map(bounds.map(({ topic, partition, high }) => [`${topic}:${partition}`, high]))
  for (const [place, high] of missing) if (high === 0) missing.delete(place)
  const records: LogRecord[] = []
  const consumer = kafka.consumer({ groupId: `whole-log-${randomUUID()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const { topic, partition, messages } = batch
        for (const { offset, key, value, timestamp, headers = {} } of messages) {
          records.push({
            topic,
            partition,
            offset: Number(offset),
            key,
            value,
            timestamp: Number(timestamp),
            headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
          })
        }
        const place = `${topic}:${partition}`
        if (Number(batch.lastOffset()) + 1 >= (missing.get(place) ?? 0)) missing.delete(place)
      },
    })
    await eventually(
      () => {
        if (missing.size > 0) throw new Error(`${records.length} records read, and not yet all of ${[...missing]}`)
        return true
      },
      { timeoutMs: 60_000 },
    )
  } finally {
    await consumer.disconnect()
  }
  return records
}

/** What a log says, without any worker: every record as it was first written counts once, wherever it was written. */
export interface NaiveLog {
  readonly events: ReadonlyMap<string, readonly CustomerEvent[]>
  /** Records that are no events, by `topic:partition:offset`. */
  readonly invalid: ReadonlyMap<string, LogRecord>
  readonly records: number
  /** Copies that a worker wrote because the first stood on a wrong partition, or without a key. */
  readonly copies: number
}

export function naiveLog(records: readonly LogRecord[], topics: TopicNames, decode: Decode): NaiveLog {
  const roleOf = new Map<string, Role>(ROLES.map((role) => [topics[role], role]))
  const events = new Map<string, CustomerEvent[]>()
  const invalid = new Map<string, LogRecord>()
  let copies = 0
  let inputs = 0
  for (const record of records) {
    const role = roleOf.get(record.topic)
    if (role === undefined) continue
    if (record.headers[HEADERS.originTopic] !== undefined) {
      copies++
      continue
    }
    inputs++
    const decoded = decode(role, record.value, record.timestamp)
    if (decoded.kind === 'invalid') invalid.set(`${record.topic}:${record.partition}:${record.offset}`, record)
    if (decoded.kind !== 'event') continue
    const list = events.get(decoded.event.customerId)
    if (list === undefined) events.set(decoded.event.customerId, [decoded.event])
    else list.push(decoded.event)
  }
  return { events, invalid, records: inputs, copies }
}
