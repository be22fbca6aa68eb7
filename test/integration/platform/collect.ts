import {
  createShardConsumer,
  type KafkaRecord,
  type Position,
  type ShardConsumer,
  type ShardConsumerOptions,
} from '@holdfast/platform'
import { stopAfterTest, testKafka, testLog, uniqueName } from '@holdfast/testing'

export interface SeenRecord extends KafkaRecord {
  readonly topic: string
  readonly partition: number
}

/** A started consumer that stops with the test; what it is not told otherwise, it does not do. */
export async function startConsumer(
  brokers: readonly string[],
  topics: readonly string[],
  options: Partial<ShardConsumerOptions> = {},
): Promise<ShardConsumer> {
  const consumer = stopAfterTest(
    createShardConsumer({
      kafka: testKafka(brokers),
      log: testLog,
      groupId: uniqueName('group'),
      topics,
      onBatch: async () => {},
      onAssigned: async (): Promise<Position[]> => [],
      onRevoked: async () => {},
      onFatal: (error) => {
        throw error
      },
      ...options,
    }),
  )
  await consumer.start()
  return consumer
}

/** Everything that is in the topics from their start on, as it comes. */
export async function collectRecords(brokers: readonly string[], topics: readonly string[]): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = []
  await startConsumer(brokers, topics, {
    async onBatch({ topic, partition, records }) {
      seen.push(...records.map((record) => ({ ...record, topic, partition })))
    },
  })
  return seen
}
