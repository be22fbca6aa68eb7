import kafkajs, { type ICustomPartitioner, type Kafka, type Message } from 'kafkajs'
import type { Stoppable } from '../lifecycle.ts'
import { withKafkaTrouble } from './connect.ts'
import { murmur2Partition } from './murmur2.ts'

export interface OutgoingMessage {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  /** Without it the key decides, as in Java. */
  readonly partition?: number
  readonly headers?: Readonly<Record<string, Buffer | string>>
  /** Wall clock, ms. Kafka 4 refuses more than an hour ahead. Default: now. */
  readonly timestamp?: number
}

export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly OutgoingMessage[]
}

export interface EventProducer extends Stoppable {
  /** Resolves when every replica in sync has all of it; on failure some of it may have been written all the same. */
  sendBatch(batch: readonly TopicMessages[]): Promise<void>
}

export interface ProducerOptions {
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4'
}

/**
 * A connected producer with acks=all and retries. Not idempotent: kafkajs gives the sequence number of a request that timed
 * out to the next one, so that the broker may take new records for the old ones' repetition and drop them. A repeated record
 * is harmless here: readers drop duplicates by id or by origin.
 */
export async function connectProducer(
  kafka: Kafka,
  { compression = 'none' }: ProducerOptions = {},
): Promise<EventProducer> {
  const { CompressionTypes } = kafkajs
  const codec = {
    none: CompressionTypes.None,
    gzip: CompressionTypes.GZIP,
    snappy: CompressionTypes.Snappy,
    lz4: CompressionTypes.LZ4,
  }[compression]
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: false,
    createPartitioner: byKey,
  })
  await withKafkaTrouble(() => producer.connect())
  return {
    async sendBatch(batch) {
      const topicMessages = batch
        .filter(({ messages }) => messages.length > 0)
        .map(({ topic, messages }) => ({ topic, messages: messages.map(toKafkaMessage) }))
      if (topicMessages.length > 0) await producer.sendBatch({ acks: -1, compression: codec, topicMessages })
    },
    stop: () => producer.disconnect(),
  }
}

/** The default partitioner, whose answer for a key takes it long: it lists the leaders for each record, also where it asks for none. */
const byKey: ICustomPartitioner = () => {
  const byDefault = kafkajs.Partitioners.DefaultPartitioner()
  return (record) => {
    const { partition, key } = record.message
    if (typeof partition === 'number' || !Buffer.isBuffer(key)) return byDefault(record)
    return murmur2Partition(key, record.partitionMetadata.length)
  }
}

function toKafkaMessage({ key, value, partition, headers, timestamp }: OutgoingMessage): Message {
  const message: Message = { key: typeof key === 'string' ? Buffer.from(key) : key, value }
  if (partition !== undefined) message.partition = partition
  if (headers !== undefined) message.headers = { ...headers }
  if (timestamp !== undefined) message.timestamp = String(timestamp)
  return message
}
