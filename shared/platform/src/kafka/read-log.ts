import { randomUUID } from 'node:crypto'
import type { Admin, Kafka } from 'kafkajs'
import { HoldfastError } from '../errors.ts'
import { registerCodecs } from './codecs.ts'
import { type LogBounds, logBounds } from './log-bounds.ts'

/** One record as it stands in the log. */
export interface LoggedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Wall clock, ms. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

export interface ReadLogOptions {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly topics: readonly string[]
  /** The newest so many records of each partition; all of them unless given. */
  readonly newest?: number
  /** Told of each batch of a partition; the next one comes when it has resolved. */
  readonly onBatch: (records: readonly LoggedRecord[]) => Promise<void> | void
}

/** A group that never got its records within this time is stuck. */
const SILENCE_MS = 30_000

/**
 * Reads topics up to where they end now, each partition in order, under a consumer group of its own that is deleted
 * afterwards. Nothing is committed, so it disturbs nobody.
 * @throws HoldfastError LOG_SILENT
 */
export async function readLog({ kafka, admin, topics, newest, onBatch }: ReadLogOptions): Promise<void> {
  registerCodecs()
  const ranges = (await logBounds(admin, topics))
    .map((bound) => ({ ...bound, from: newest === undefined ? bound.low : Math.max(bound.low, bound.high - newest) }))
    .filter(({ from, high }) => from < high)
  if (ranges.length === 0) return

  const unfinished = new Map(ranges.map((range) => [placeOf(range), range]))
  const groupId = `holdfast-reader-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false })
  const { promise: finished, resolve: finish, reject: fail } = deferred()
  let silence = setTimeout(() => {}, 0)
  const listen = () => {
    clearTimeout(silence)
    silence = setTimeout(() => fail(logSilent(unfinished.values())), SILENCE_MS)
  }
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (!restart) fail(error)
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))], fromBeginning: true })
    listen()
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const { topic, partition, messages } = batch
        const range = unfinished.get(placeOf({ topic, partition }))
        if (range === undefined) return
        listen()
        const asked = messages.filter(({ offset }) => Number(offset) >= range.from && Number(offset) < range.high)
        await onBatch(
          asked.map(({ offset, timestamp, key, value, headers = {} }) => ({
            topic,
            partition,
            offset: Number(offset),
            timestamp: Number(timestamp),
            key,
            value,
            headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
          })),
        )
        listen()
        if (Number(batch.lastOffset()) + 1 < range.high) return
        unfinished.delete(placeOf(range))
        if (unfinished.size === 0) finish()
      },
    })
    // Before the first fetch, or a read from the start would hand over what was not asked for.
    for (const { topic, partition, from } of ranges) consumer.seek({ topic, partition, offset: String(from) })
    await finished
  } finally {
    clearTimeout(silence)
    await consumer.disconnect()
    // What stays behind expires by itself.
    await admin.deleteGroups([groupId]).catch(() => {})
  }
}

function placeOf({ topic, partition }: Pick<LogBounds, 'topic' | 'partition'>): string {
  return `${topic}:${partition}`
}

function logSilent(unfinished: Iterable<Pick<LogBounds, 'topic' | 'partition'>>): HoldfastError {
  return new HoldfastError({
    code: 'LOG_SILENT',
    message: `nothing came from ${[...unfinished].map(placeOf).join(', ')} for ${SILENCE_MS / 1_000} s`,
    cure: 'see whether the broker is healthy, then try again.',
    canRetry: true,
  })
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = () => {}
  let reject = (_: Error) => {}
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
