import { type CustomerState, decodeState, hash48 } from '@holdfast/core'
import { type RedisClient, readSteadily, type ShardReader } from '@holdfast/platform'

export interface SampleRequest {
  readonly client: RedisClient
  readonly prefix: string
  /** How many shards there are. */
  readonly partitions: number
  /** Customers wanted, over all shards. */
  readonly limit: number
}

export interface SampledCustomer {
  readonly id: string
  readonly state: CustomerState
}

export interface Sample {
  /** In the order of a hash of their ids: any first part of it is a sample as well. */
  readonly customers: readonly SampledCustomer[]
  /** Customers who would have been in it, had their state been readable; some of them by name. */
  readonly unreadable: readonly string[]
}

/** States that one page of a scan gives, about. */
const PAGE = 1_000
/** So many states are read for each one wanted, at most. */
const READ_FOR_ONE = 10

/**
 * Customers who have bought, chosen by a hash of their id: the same ones at every call, as far as they are among those that
 * were read. That is everybody where there are up to ten times as many customers as wanted. Beyond that a scan is broken off,
 * which keeps the work and the round trips bounded however many customers there are: Redis scans in the order of a hash of its
 * own, so what it gives first is a sample too, and the same one until Redis is restarted.
 */
export async function sampleBuyers({ client, prefix, partitions, limit }: SampleRequest): Promise<Sample> {
  const addresses = Array.from({ length: partitions }, (_, partition) => ({ client, prefix, partition }))
  const sizes: number[] = []
  for (const address of addresses) sizes.push(await readSteadily(address, ({ keys }) => client.hlen(keys.state)))
  const all = sizes.reduce((sum, size) => sum + size, 0)
  const chosen: (SampledCustomer & { readonly hash: number })[] = []
  const unreadable: string[] = []
  // One shard after the other: nobody waits for this.
  for (const [partition, address] of addresses.entries()) {
    const wanted = Math.ceil((limit * sizes[partition]!) / Math.max(1, all))
    if (wanted === 0) continue
    const read = await readSteadily(address, (shard) => someStates(shard, wanted * READ_FOR_ONE))
    const byHash = [...read].map(([id, bytes]) => ({ id, bytes, hash: hash48(id) })).sort((a, b) => a.hash - b.hash)
    let taken = 0
    for (const { id, bytes, hash } of byHash) {
      if (taken === wanted) break
      const state = decoded(bytes)
      if (state === undefined) unreadable.push(id)
      else if (!state.erased && state.purchases !== undefined) {
        taken++
        chosen.push({ id, state, hash })
      }
    }
  }
  const customers = chosen.sort((a, b) => a.hash - b.hash).slice(0, limit)
  return { customers: customers.map(({ id, state }) => ({ id, state })), unreadable }
}

async function someStates(shard: ShardReader, enough: number): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>()
  let pages = 0
  for await (const page of shard.eachState()) {
    for (const [id, bytes] of page) found.set(id, bytes)
    // Counted by pages as well: a hash that has lost most of its fields gives empty ones for a long time.
    if (found.size >= enough || ++pages * PAGE >= 4 * enough + PAGE) break
  }
  return found
}

/** Undefined for bytes that are no state. */
export function decoded(bytes: Buffer): CustomerState | undefined {
  try {
    return decodeState(bytes)
  } catch {
    return undefined
  }
}
