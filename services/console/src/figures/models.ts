import { HoldfastError, type ModelPointer, modelStore, type RedisConnection, watchStore } from '@holdfast/platform'
import { whileRedisAnswers } from '../shards.ts'

/** How models do, as it stands in Redis. */
export type Models = ReturnType<typeof createModels>

export function createModels(redis: RedisConnection, prefix: string) {
  const store = watchStore(redis.client, prefix)
  const pointers = modelStore(redis.client, prefix)
  async function readChampion(): Promise<ModelPointer | undefined> {
    try {
      return (await pointers.pointers()).champions[0]
    } catch (thrown) {
      // Nobody knows which it is; the last watch says why.
      if (thrown instanceof HoldfastError && thrown.code === 'MODEL_POINTERS_BROKEN') return undefined
      throw thrown
    }
  }
  return {
    /** @throws HoldfastError REDIS_AWAY, WATCH_BROKEN; both can be tried again */
    drift: () =>
      whileRedisAnswers(redis, async () => {
        const [champion, drift, last] = await Promise.all([readChampion(), store.drift(), store.last()])
        return { champion, drift, last }
      }),
    /** @throws HoldfastError REDIS_AWAY, WATCH_BROKEN; both can be tried again */
    outcomes: () =>
      whileRedisAnswers(redis, async () => {
        const [{ records }, versions, last] = await Promise.all([store.outcomes(), store.versions(), store.last()])
        return { versions, cohorts: records, last }
      }),
  }
}
