import type { Kafka } from 'kafkajs'
import type { Stoppable } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import type { Position } from './log-bounds.ts'
import type { ShardBatch } from './shard-batch.ts'

export interface ShardHandlers {
  /**
   * One call at a time for each topic and partition, several at once otherwise. When it resolves, reading goes on behind the
   * batch, unless `seek` was called meanwhile. A throw stops the partition and reaches `onFatal`; kafkajs never sees it.
   */
  onBatch(batch: ShardBatch): Promise<void>
  /**
   * The partitions that are ours from now on, of every topic; any that we had before were revoked first, even those that come
   * back. Nothing is fetched until it resolves with the stored offsets; a topic without one is read from its start.
   */
  onAssigned(partitions: readonly number[]): Promise<readonly Position[]>
  /** All partitions of the last `onAssigned`. No batch is in the handler any more. The next owner may already be at work. */
  onRevoked(partitions: readonly number[]): Promise<void>
  /** Offsets passed without a record for us: markers of transactions and what they aborted. */
  onSkipped?(skipped: Position & { readonly highWatermark: number }): void
  /** The named partition stands still (its offset is outside the log, or its handler threw); without a name, all of them do. */
  onFatal(error: Error, where?: { readonly topic: string; readonly partition: number }): void
  /** The consumer lost its brokers or its group, or, not `wasMember`, could not join it; it tries again by itself when `willRestart`. */
  onCrash?(error: Error, how: { readonly wasMember: boolean; readonly willRestart: boolean }): void
}

export interface ShardConsumerOptions extends ShardHandlers {
  readonly kafka: Kafka
  readonly log: Logger
  readonly groupId: string
  /** All with the same number of partitions. */
  readonly topics: readonly string[]
  /** Bytes fetched of a partition at once. Default 4 MiB. */
  readonly maxBytesPerPartition?: number
  /** Bytes of one fetch over all partitions. Default 32 MiB. */
  readonly maxBytes?: number
  /** How much a fetch waits for, bytes over all partitions, within `maxWaitMs`. Default 1: for nothing but a first record. */
  readonly minBytes?: number
  /** How long a fetch waits for a first record, ms: also how soon a resumed partition is read. Default 100. */
  readonly maxWaitMs?: number
  /** Handlers at once. Default: as many as there are topic partitions. */
  readonly concurrency?: number
  /** Silence after which the group gives our partitions away, ms. Default 30,000. */
  readonly sessionTimeoutMs?: number
  /** How soon a member learns that others have come or gone, ms. Default 1,000, in a short session a quarter of it. */
  readonly heartbeatMs?: number
}

export interface ShardConsumer extends Stoppable {
  /** Joins the group. @throws HoldfastError KAFKA_PARTITIONS_DIFFER, KAFKA_UNREACHABLE and the like. */
  start(): Promise<void>
  assigned(): readonly number[]
  /**
   * Whether the group holds us for a member: at once where it has said so within the last heartbeat interval, else when it has
   * answered the next heartbeat. False as soon as what was ours may no longer be, or when the session has passed in silence.
   */
  isMember(): Promise<boolean>
  /** Reading goes on there. Without effect on partitions that are not ours. */
  seek(position: Position): void
  /** Commits to the group, for lag tools only: nothing here reads it. Failures are logged. */
  commitOffsets(positions: readonly Position[]): Promise<void>
  /** Stops and continues the fetching of a partition of all topics, for backpressure; a revocation forgets it. */
  pause(partition: number): void
  resume(partition: number): void
  /** Lets the handlers finish, revokes, leaves the group. */
  stop(): Promise<void>
}
