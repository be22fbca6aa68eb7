import type { StoredCustomer } from '@holdfast/contracts'
import { decodeStored, decodeTimeline } from '@holdfast/core'
import { murmur2Partition } from '../kafka/murmur2.ts'
import type { ShardReader } from './shard-store.ts'

/** The shard that owns a customer. */
export function shardOf(customerId: string, partitionCount: number): number {
  return murmur2Partition(Buffer.from(customerId), partitionCount)
}

/** Everything that a shard holds of a customer but the profile; undefined where it holds nothing. */
export async function readCustomer(shard: ShardReader, id: string): Promise<StoredCustomer | undefined> {
  const [[bytes], nextAppointment] = await Promise.all([shard.states([id]), shard.appointment(id)])
  if (!bytes) return undefined
  const { state, timeline } = decodeStored(bytes)
  return {
    id,
    shard: shard.partition,
    generation: shard.generation,
    state,
    nextAppointment,
    timeline: decodeTimeline(timeline),
  }
}
