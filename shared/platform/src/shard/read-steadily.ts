import { HoldfastError } from '../errors.ts'
import { currentGeneration, readShard, type ShardAddress, type ShardReader } from './shard-store.ts'

const ATTEMPTS = 3

/**
 * What `read` finds in a shard's current generation. Where a rebuild was switched to meanwhile it is read again, for the old
 * generation may have been half removed under it.
 * @throws HoldfastError SHARD_UNSTEADY, which can be tried again
 */
export async function readSteadily<T>(address: ShardAddress, read: (shard: ShardReader) => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const shard = await readShard(address)
    const found = await read(shard)
    if ((await currentGeneration(address)) === shard.generation) return found
  }
  throw new HoldfastError({
    code: 'SHARD_UNSTEADY',
    message: `shard ${address.partition} changed its generation ${ATTEMPTS} times while it was read`,
    cure: 'see whether several rebuilds run at once; one is enough.',
    canRetry: true,
  })
}
