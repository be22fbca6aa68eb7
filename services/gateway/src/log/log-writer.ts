import type { Role } from '@holdfast/core'
import { type createKafka, HoldfastError, murmur2Partition, type Stoppable, withKafkaTrouble } from '@holdfast/platform'
import { type LogRecord, TopicLane, type WrittenAt } from './topic-lane.ts'

type Kafka = ReturnType<typeof createKafka>

export interface LogWriterOptions {
  readonly kafka: Kafka
  readonly topics: Readonly<Record<Role, string>>
  /** Of every topic. */
  readonly partitionCount: number
  readonly lingerMs: number
  /** Of the largest batch that each topic takes. */
  readonly maxSendBytes: number
  readonly onSent?: (sent: { readonly topic: string; readonly records: number; readonly seconds: number }) => void
}

export interface LogWriter extends Stoppable {
  /** Resolves when every replica in sync has it. @throws HoldfastError, as `kafkaTrouble` makes it */
  write(role: Role, record: LogRecord): Promise<WrittenAt>
}

/** Enough to keep a broker busy while the next batch gathers. */
const MAX_SENDS = 4

/**
 * Writes to the input topics, acks=all. Not idempotent in Kafka's sense, for the reason that `connectProducer` gives.
 * Its stop writes what it has and then disconnects.
 */
export async function openLogWriter(options: LogWriterOptions): Promise<LogWriter> {
  const { kafka, topics, partitionCount, lingerMs, maxSendBytes, onSent } = options
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: false,
    // Every record comes with its partition: where it went is part of the answer.
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  })
  await withKafkaTrouble(() => producer.connect())

  async function send(topic: string, records: readonly LogRecord[]): Promise<WrittenAt[]> {
    const startedAt = performance.now()
    const messages = records.map(({ key, value, timestamp }) => ({
      key,
      value,
      timestamp: String(timestamp),
      partition: murmur2Partition(Buffer.from(key), partitionCount),
    }))
    const results = await withKafkaTrouble(() => producer.send({ topic, acks: -1, messages }))
    onSent?.({ topic, records: records.length, seconds: (performance.now() - startedAt) / 1000 })
    // A partition's records lie one after the other from its base offset on, in the order in which they were sent.
    const next = new Map(results.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
    return messages.map(({ partition }) => {
      const offset = next.get(partition)
      if (offset === undefined) {
        throw new HoldfastError({
          code: 'KAFKA_ANSWER_INCOMPLETE',
          message: `Kafka's answer says nothing of partition ${partition} of ${topic}`,
          canRetry: true,
        })
      }
      next.set(partition, offset + 1)
      return { topic, partition, offset }
    })
  }

  const laneOf = (topic: string) =>
    new TopicLane({ send: (records) => send(topic, records), lingerMs, maxSendBytes, maxSends: MAX_SENDS })
  const lanes: Readonly<Record<Role, TopicLane>> = {
    purchases: laneOf(topics.purchases),
    support: laneOf(topics.support),
    engagement: laneOf(topics.engagement),
    profile: laneOf(topics.profile),
    actions: laneOf(topics.actions),
  }
  return {
    write: (role, record) => lanes[role].write(record),
    async stop() {
      await Promise.all(Object.values(lanes).map((lane) => lane.drain()))
      await producer.disconnect()
    },
  }
}
