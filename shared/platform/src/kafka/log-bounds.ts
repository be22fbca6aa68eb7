import type { Admin } from 'kafkajs'
import { retry } from '../retry.ts'

/** One position in the log; the offset is that of the next record to read. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface LogBounds {
  readonly topic: string
  readonly partition: number
  /** Offset of the oldest record that is still there. */
  readonly low: number
  /** Offset that the next record will get. */
  readonly high: number
}

const LEADERLESS = {
  attempts: 10,
  maxMs: 1_000,
  canRetry: (error: Error) =>
    /NOT_LEADER|LEADER_NOT_AVAILABLE|not the leader|no leader/i.test(
      `${'type' in error ? error.type : ''} ${error.message}`,
    ),
}

/** Where the log of each partition of these topics begins and ends now. Offsets stay below 2^53. */
export async function logBounds(admin: Admin, topics: readonly string[]): Promise<LogBounds[]> {
  const perTopic = await Promise.all(
    topics.map(async (topic) => {
      // A topic that was just created, or whose leader just changed, has no leader for a moment.
      const partitions = await retry(() => admin.fetchTopicOffsets(topic), LEADERLESS)
      return partitions.map(({ partition, low, high }) => ({ topic, partition, low: Number(low), high: Number(high) }))
    }),
  )
  return perTopic.flat().sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
}

/** How many partitions each topic has, in the order asked. @throws what kafkajs throws for a topic that does not exist */
export async function partitionCounts(admin: Admin, topics: readonly string[]) {
  if (topics.length === 0) return []
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] })
  const counts = new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]))
  return topics.map((topic) => ({ topic, count: counts.get(topic) ?? 0 }))
}
