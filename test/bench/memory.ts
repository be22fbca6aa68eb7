import { DEFAULT_KEY_PREFIX, queuePrefix } from '@holdfast/contracts'
import type { RedisClient } from '@holdfast/platform'
import { drain } from './drain.ts'
import { ownPlace, shardsOf, startPipeline } from './pipeline-process.ts'
import type { Stage } from './stage.ts'

/** Key prefix of the worker that keeps no timelines. */
const NO_TIMELINE = 'bench-no-timeline'

/** `used_memory` of Redis without the keys of BullMQ, bytes: jobs wait there for others and are counted by themselves. */
export async function usedMemory(redis: RedisClient): Promise<{ ours: number; queues: number; keys: number }> {
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
  const all = await Promise.all([DEFAULT_KEY_PREFIX, NO_TIMELINE].map((prefix) => bytesOf(redis, queuePrefix(prefix))))
  const queues = all.reduce((sum, { bytes }) => sum + bytes, 0)
  const keys = all.reduce((sum, { keys }) => sum + keys, 0)
  return { ours: used - queues, queues, keys }
}

/**
 * Bytes a customer without timelines: the same log once more through another risk-worker with TIMELINE_LENGTH=0, whose keys and
 * written topics are its own. Its keys are deleted afterwards.
 */
export async function bytesWithoutTimeline(stage: Stage): Promise<number> {
  const before = await usedMemory(stage.redis)
  const pipeline = await startPipeline(stage, { ...ownPlace(NO_TIMELINE), env: { TIMELINE_LENGTH: '0' } })
  try {
    const { customers } = await drain(pipeline)
    await pipeline.stop()
    await readEveryone(stage, NO_TIMELINE)
    const after = await usedMemory(stage.redis)
    return (after.ours - before.ours) / customers
  } finally {
    await pipeline.stop()
    for (const prefix of [NO_TIMELINE, queuePrefix(NO_TIMELINE)]) {
      for await (const keys of keysUnder(stage.redis, prefix)) if (keys.length > 0) await stage.redis.unlink(...keys)
    }
  }
}

/**
 * Reads state and appointment of every customer once, as their next events would. Redis moves the entries of a table that has
 * grown one by one, whenever it is asked for any of them, and keeps the old table until then: after a single commit of many.
 */
export async function readEveryone(stage: Stage, prefix = DEFAULT_KEY_PREFIX): Promise<void> {
  for (const shard of await shardsOf({ stage, prefix })) {
    for await (const page of shard.eachState()) {
      const ids = page.map(([id]) => id)
      if (ids.length > 0) await Promise.all([shard.states(ids), stage.redis.zmscore(shard.keys.due, ...ids)])
    }
  }
}

async function bytesOf(redis: RedisClient, prefix: string): Promise<{ bytes: number; keys: number }> {
  let bytes = 0
  let count = 0
  for await (const keys of keysUnder(redis, prefix)) {
    count += keys.length
    for (const size of await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0))))
      bytes += size ?? 0
  }
  return { bytes, keys: count }
}

async function* keysUnder(redis: RedisClient, prefix: string): AsyncGenerator<string[]> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1_000)
    cursor = next
    yield keys
  } while (cursor !== '0')
}
