import type { EachBatchPayload, KafkaMessage } from 'kafkajs'

export interface KafkaRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Wall clock, ms: what the producer or the broker wrote. */
  readonly timestamp: number
  readonly headers: KafkaHeaders
}

export type KafkaHeaders = Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>

/** What one fetch brought of one partition of one topic. Offsets rise, and may have holes (transactions, compaction). */
export interface ShardBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly KafkaRecord[]
  /** Offset that the next record will get: the batch is the newest there is when `lastOffset` is one below. */
  readonly highWatermark: number
  /** Of the first and last record fetched, markers of transactions included: what follows begins at `lastOffset + 1`. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Where the last batch or seek left off; below `firstOffset` where the log has a hole. */
  readonly expectedOffset: number
  /** True once the partition may belong to another, or a seek has made the batch obsolete. Keeps its meaning after the handler. */
  isStale(): boolean
  /** Tells the group that we are alive; also done by itself while the handler runs. Never throws. */
  heartbeat(): Promise<void>
}

const NO_HEADERS: KafkaHeaders = {}

export function toRecord(message: KafkaMessage): KafkaRecord {
  return {
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    timestamp: Number(message.timestamp),
    headers: message.headers ?? NO_HEADERS,
  }
}

export interface BatchBounds {
  readonly first: number
  readonly last: number
  readonly highWatermark: number
}

export function boundsOf({ batch }: EachBatchPayload): BatchBounds {
  const last = Number(batch.lastOffset())
  const first = batch.firstOffset()
  return { first: first === null ? last : Number(first), last, highWatermark: Number(batch.highWatermark) }
}
