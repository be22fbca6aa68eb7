import {
  currentGeneration,
  HoldfastError,
  type RedisConnection,
  readShard,
  type ShardReader,
  shardOf,
} from '@holdfast/platform'

/** The shards as somebody reads them who owns none: always the generation that is current. */
export interface Shards {
  readonly count: number
  /** The shard of a customer. */
  of(customerId: string): number
  /**
   * What `read` finds in a shard. Where a rebuild was switched to meanwhile it is read again, for the old generation may have
   * been half removed under it.
   * @throws HoldfastError REDIS_AWAY, SHARD_UNSTEADY; both can be tried again
   */
  on<T>(partition: number, read: (shard: ShardReader) => Promise<T>): Promise<T>
  /** The same of every shard, in their order. */
  all<T>(read: (shard: ShardReader) => Promise<T>): Promise<T[]>
}

export interface ShardsOptions {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly count: number
}

const ATTEMPTS = 3

export function createShards({ redis, prefix, count }: ShardsOptions): Shards {
  async function on<T>(partition: number, read: (shard: ShardReader) => Promise<T>): Promise<T> {
    const address = { client: redis.client, prefix, partition }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const shard = await readShard(address)
      const found = await read(shard)
      if ((await currentGeneration(address)) === shard.generation) return found
    }
    throw new HoldfastError({
      code: 'SHARD_UNSTEADY',
      message: `shard ${partition} changed its generation ${ATTEMPTS} times while it was read`,
      cure: 'see whether several rebuilds run at once; one is enough.',
      canRetry: true,
    })
  }
  const answered = <T>(partition: number, read: (shard: ShardReader) => Promise<T>) =>
    whileRedisAnswers(redis, () => on(partition, read))
  return {
    count,
    of: (customerId) => shardOf(customerId, count),
    on: answered,
    all: (read) => Promise.all(Array.from({ length: count }, (_, partition) => answered(partition, read))),
  }
}

/** How long a request waits for Redis, ms. */
const REDIS_WITHIN_MS = 5_000

/**
 * Commands wait for Redis to come back, which is right for a worker and wrong for somebody who asked.
 * @throws HoldfastError REDIS_AWAY
 */
export async function whileRedisAnswers<T>(redis: RedisConnection, ask: () => Promise<T>): Promise<T> {
  if (!redis.isReady()) throw redisAway()
  return within(REDIS_WITHIN_MS, ask(), redisAway)
}

function redisAway(): HoldfastError {
  return new HoldfastError({
    code: 'REDIS_AWAY',
    message: 'Redis, which holds all customers, does not answer',
    cure: 'try again; see /readyz.',
    canRetry: true,
  })
}

/** What is asked for, if it comes within so many ms. @throws what `late` makes */
export async function within<T>(ms: number, asked: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  try {
    return await Promise.race([asked, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
