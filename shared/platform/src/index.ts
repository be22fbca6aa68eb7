export * from './clock.ts'
export * from './clock-map.ts'
export * from './config.ts'
export * from './errors.ts'
export * from './http/index.ts'
export * from './installation.ts'
export * from './kafka/client.ts'
export { registerCodecs } from './kafka/codecs.ts'
export * from './kafka/connect.ts'
export { requireEqualCounts, type TopicCount } from './kafka/copartition-assigner.ts'
export * from './kafka/log-bounds.ts'
export * from './kafka/murmur2.ts'
export * from './kafka/producer.ts'
export * from './kafka/read-log.ts'
export type { KafkaHeaders, KafkaRecord, ShardBatch } from './kafka/shard-batch.ts'
export { createShardConsumer } from './kafka/shard-consumer.ts'
export * from './kafka/shard-consumer-types.ts'
export * from './kafka/topics.ts'
export * from './lifecycle.ts'
export * from './logger.ts'
export * from './metrics.ts'
export * from './models/index.ts'
export * from './probe-server.ts'
export * from './queue-workers.ts'
export * from './queues.ts'
export * from './redis/connect.ts'
export { defineScript, hashTag, type Script, type ScriptArg, type ScriptDefinition } from './redis/script.ts'
export * from './retry.ts'
export * from './run-service.ts'
export {
  type CustomerWrite,
  OUTBOX_KINDS,
  type OutboxEntry,
  type OutboxKind,
  packedCustomers,
  packedEntries,
  type ShardChange,
} from './shard/change.ts'
export type { OutboxPage, StoredOutboxEntry, WrittenOutbox } from './shard/outbox.ts'
export type { PackedList } from './shard/pack.ts'
export { readSteadily } from './shard/read-steadily.ts'
export { metaFields, modelField, originKey, partitionCountField, type ShardMeta } from './shard/shard-meta.ts'
export {
  claimFresh,
  claimShard,
  currentGeneration,
  dropGeneration,
  FIRST_GENERATION,
  readGeneration,
  readShard,
  type ShardAddress,
  type ShardReader,
  type ShardStore,
} from './shard/shard-store.ts'
export { readCustomer, shardOf } from './shard/stored-customer.ts'
