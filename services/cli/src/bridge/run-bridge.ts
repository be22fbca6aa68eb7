import type { TopicNames } from '@holdfast/contracts'
import {
  asError,
  type EventProducer,
  HoldfastError,
  logBounds,
  type OutgoingMessage,
  registerCodecs,
  retry,
} from '@holdfast/platform'
import { messagesByTopic, type Outgoing } from '../events/outgoing.ts'
import type { Admin, Kafka } from '../installation.ts'
import type { createBridge } from './bridge-record.ts'

export interface BridgeOptions {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly producer: Pick<EventProducer, 'sendBatch'>
  readonly bridge: ReturnType<typeof createBridge>
  /** The foreign topics that are read. */
  readonly from: readonly string[]
  /** Ours. */
  readonly topics: TopicNames
  /** Whoever shares it shares the work, and goes on where the group left off. */
  readonly groupId: string
  /** Where a new group starts. */
  readonly start: 'beginning' | 'end'
  /** Ends when everything that was there at the start has been bridged. */
  readonly once: boolean
  /** Ends the bridge. */
  readonly signal: AbortSignal
  readonly onProgress?: (counts: BridgeCounts) => void
  readonly onDeadLetter?: (place: string, reason: string) => void
}

export interface BridgeCounts {
  readonly records: number
  readonly events: number
  /** Records for which the map has no event. */
  readonly withoutEvent: number
  readonly deadLetters: number
}

/** Records sent on at once. */
const PORTION = 1_000

/**
 * Turns records of foreign topics into events on ours, at least once: an offset is committed when every replica has what came
 * of it. What is done twice after a crash has the same ids.
 * @throws HoldfastError TOPICS_MISSING; whatever a send fails with, after retries
 */
export async function runBridge(options: BridgeOptions): Promise<BridgeCounts> {
  const { kafka, admin, from, groupId, start, once, signal, onProgress } = options
  registerCodecs()
  await requireTopics(admin, from)
  const unfinished = once ? await remaining(admin, from, groupId, start) : undefined
  const counts = { records: 0, events: 0, withoutEvent: 0, deadLetters: 0 }
  if (unfinished?.size === 0) return counts

  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false })
  let stop = () => {}
  let fail: (error: Error) => void = () => {}
  const ended = new Promise<void>((resolve, reject) => {
    stop = resolve
    fail = reject
  })
  ended.catch(() => {})
  signal.addEventListener('abort', stop)
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (!restart) fail(error)
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...from], fromBeginning: start === 'beginning' })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, heartbeat, isRunning, isStale, resolveOffset }) => {
        const { topic, partition, messages } = batch
        for (let i = 0; i < messages.length && isRunning() && !isStale() && !signal.aborted; i += PORTION) {
          const portion = messages.slice(i, i + PORTION)
          const records = portion.map(({ offset, timestamp, key, value }) => ({
            topic,
            partition,
            offset: Number(offset),
            timestamp: Number(timestamp),
            key,
            value,
          }))
          try {
            await send(records, options, counts)
          } catch (error) {
            // Thrown on, kafkajs would restart with other partitions' work in flight; ended, nothing is lost.
            fail(asError(error))
            return
          }
          const last = portion.at(-1)?.offset ?? batch.lastOffset()
          resolveOffset(last)
          await consumer.commitOffsets([{ topic, partition, offset: String(Number(last) + 1) }])
          await heartbeat()
          onProgress?.(counts)
          const place = `${topic}:${partition}`
          if (unfinished !== undefined && Number(last) + 1 >= (unfinished.get(place) ?? Number.POSITIVE_INFINITY)) {
            unfinished.delete(place)
            if (unfinished.size === 0) stop()
          }
        }
      },
    })
    await ended
  } finally {
    signal.removeEventListener('abort', stop)
    await consumer.disconnect()
  }
  return counts
}

type Counts = { -readonly [K in keyof BridgeCounts]: number }

async function send(
  records: readonly Parameters<BridgeOptions['bridge']>[0][],
  { bridge, producer, topics, onDeadLetter }: BridgeOptions,
  counts: Counts,
): Promise<void> {
  const events: Outgoing[] = []
  const deadLetters: OutgoingMessage[] = []
  let withoutEvent = 0
  for (const record of records) {
    const bridged = bridge(record)
    if (bridged.kind === 'dead_letter') {
      deadLetters.push(bridged.message)
      onDeadLetter?.(`${record.topic}, partition ${record.partition}, offset ${record.offset}`, bridged.reason)
    } else if (bridged.events.length === 0) withoutEvent++
    else events.push(...bridged.events)
  }
  await producer.sendBatch([
    ...messagesByTopic(events, topics),
    ...(deadLetters.length > 0 ? [{ topic: topics.deadLetters, messages: deadLetters }] : []),
  ])
  counts.records += records.length
  counts.events += events.length
  counts.withoutEvent += withoutEvent
  counts.deadLetters += deadLetters.length
}

/** By `topic:partition`, the end up to which the group has something to do. */
async function remaining(admin: Admin, topics: readonly string[], groupId: string, start: BridgeOptions['start']) {
  const committed = new Map<string, number>()
  for (const { topic, partitions } of await fetchOffsets(admin, groupId, topics)) {
    for (const { partition, offset } of partitions) committed.set(`${topic}:${partition}`, Number(offset))
  }
  const left = new Map<string, number>()
  for (const { topic, partition, low, high } of await logBounds(admin, topics)) {
    const place = `${topic}:${partition}`
    const at = committed.get(place) ?? -1
    const from = at >= 0 ? at : start === 'beginning' ? low : high
    if (from < high) left.set(place, high)
  }
  return left
}

/** A broker that has just started has no coordinator of groups for a moment. */
function fetchOffsets(admin: Admin, groupId: string, topics: readonly string[]) {
  const canRetry = (error: Error) => /coordinator/i.test(error.message)
  return retry(() => admin.fetchOffsets({ groupId, topics: [...topics] }), { attempts: 20, maxMs: 1_000, canRetry })
}

async function requireTopics(admin: Admin, topics: readonly string[]): Promise<void> {
  const existing = new Set(await admin.listTopics())
  const missing = topics.filter((topic) => !existing.has(topic))
  if (missing.length === 0) return
  throw new HoldfastError({
    code: 'TOPICS_MISSING',
    message: `these topics do not exist: ${missing.join(', ')}`,
    cure: 'correct bridge.topics in the map, or --topics; names are case-sensitive.',
  })
}
