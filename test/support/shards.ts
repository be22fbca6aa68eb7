import { WORKLIST_BANDS, type WorklistBand } from '@holdfast/contracts'
import { type CustomerState, decodeState } from '@holdfast/core'
import { logBounds, type RedisClient, readShard, type ShardMeta } from '@holdfast/platform'
import type { Admin } from 'kafkajs'

/** A shard as it stands in Redis. */
export interface StoredShard {
  readonly partition: number
  readonly meta: ShardMeta
  readonly states: ReadonlyMap<string, CustomerState>
  readonly due: ReadonlyMap<string, number>
  readonly worklists: Readonly<Record<WorklistBand, ReadonlyMap<string, number>>>
  readonly counters: ReadonlyMap<string, number>
  readonly outbox: number
}

interface Where {
  readonly client: RedisClient
  readonly prefix: string
  readonly partitions: number
}

export async function readStoredShards({ client, prefix, partitions }: Where): Promise<StoredShard[]> {
  const scores = async (key: string): Promise<Map<string, number>> => {
    const flat = await client.zrange(key, '0', '-1', 'WITHSCORES')
    const pairs = new Map<string, number>()
    for (let i = 0; i + 1 < flat.length; i += 2) pairs.set(flat[i] ?? '', Number(flat[i + 1]))
    return pairs
  }
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const shard = await readShard({ client, prefix, partition })
      const states = new Map<string, CustomerState>()
      for await (const page of shard.eachState()) for (const [id, bytes] of page) states.set(id, decodeState(bytes))
      const [atRisk, lapsed] = await Promise.all(WORKLIST_BANDS.map((band) => scores(shard.keys.worklist[band])))
      return {
        partition,
        meta: await shard.meta(),
        states,
        due: await scores(shard.keys.due),
        worklists: { at_risk: atRisk ?? new Map(), lapsed: lapsed ?? new Map() },
        counters: await shard.counters(),
        outbox: await shard.outboxLength(),
      }
    }),
  )
}

/** How far an installation is behind. */
export interface Backlog {
  /** Sum of the offsets stored with the state. */
  readonly stored: number
  /** Sum of the ends of the input logs. */
  readonly end: number
  readonly unread: number
  readonly overdue: number
  readonly outbox: number
}

export async function readBacklog({ client, prefix, partitions }: Where, admin: Admin, topics: readonly string[]) {
  const shards = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const shard = await readShard({ client, prefix, partition })
      const [meta, overdue, outbox] = await Promise.all([shard.meta(), shard.overdue(Date.now()), shard.outboxLength()])
      return { offsets: meta.offsets, overdue, outbox }
    }),
  )
  const backlog = { stored: 0, end: 0, unread: 0, overdue: 0, outbox: 0 }
  for (const { overdue, outbox } of shards) {
    backlog.overdue += overdue
    backlog.outbox += outbox
  }
  for (const { topic, partition, low, high } of await logBounds(admin, topics)) {
    const stored = shards[partition]?.offsets.get(topic) ?? low
    backlog.stored += stored
    backlog.end += high
    backlog.unread += Math.abs(high - stored)
  }
  return backlog satisfies Backlog
}
