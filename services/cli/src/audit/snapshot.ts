import { WORKLIST_BANDS, type WorklistBand } from '@holdfast/contracts'
import { type CustomerState, decodeState } from '@holdfast/core'
import { HoldfastError, type RedisClient, type ShardReader } from '@holdfast/platform'

/** One shard at one instant. */
export interface ShardSnapshot {
  readonly partition: number
  /** Commit that it shows. */
  readonly number: number
  readonly states: ReadonlyMap<string, CustomerState>
  /** Customers whose state cannot be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>
  readonly counters: ReadonlyMap<string, number>
  /** ms by customer. */
  readonly due: ReadonlyMap<string, number>
  /** Priority by customer. */
  readonly worklists: Readonly<Record<WorklistBand, ReadonlyMap<string, number>>>
  /** Customers with personal fields. */
  readonly profiles: ReadonlySet<string>
}

/**
 * Reads a shard in one transaction, so that no commit comes in between however busy the worker is. Redis answers nobody else
 * meanwhile: 0.1 to 0.2 s for 100,000 customers in a shard.
 * @throws HoldfastError SHARD_UNREADABLE
 */
export async function readSnapshot(client: RedisClient, { partition, keys }: ShardReader): Promise<ShardSnapshot> {
  const answers = await client
    .multi()
    .hget(keys.meta, 'number')
    .hgetall(keys.aggregates)
    .hgetallBuffer(keys.state)
    .zrange(keys.due, '0', '-1', 'WITHSCORES')
    .hkeys(keys.profile)
    .zrange(keys.worklist.at_risk, '0', '-1', 'WITHSCORES')
    .zrange(keys.worklist.lapsed, '0', '-1', 'WITHSCORES')
    .exec()
  const failed = answers?.find(([error]) => error !== null)?.[0]
  if (!answers || failed) {
    throw new HoldfastError({ code: 'SHARD_UNREADABLE', message: `shard ${partition} cannot be read`, cause: failed })
  }
  const [number, counters, states, due, profiles, ...worklists] = answers.map(([, answer]) => answer)
  const { known, unreadable } = decodeAll(states)
  const [atRisk, lapsed] = WORKLIST_BANDS.map((_, i) => scores(worklists[i]))
  return {
    partition,
    number: Number(number ?? 0),
    counters: new Map(entriesOf(counters).map(([name, value]) => [name, Number(value)])),
    states: known,
    unreadable,
    due: scores(due),
    worklists: { at_risk: atRisk ?? new Map(), lapsed: lapsed ?? new Map() },
    profiles: new Set(Array.isArray(profiles) ? profiles.map(String) : []),
  }
}

function decodeAll(answer: unknown) {
  const known = new Map<string, CustomerState>()
  const unreadable = new Map<string, string>()
  for (const [id, bytes] of entriesOf(answer)) {
    try {
      if (!Buffer.isBuffer(bytes)) throw new Error('no bytes')
      known.set(id, decodeState(bytes))
    } catch (error) {
      unreadable.set(id, error instanceof Error ? error.message : String(error))
    }
  }
  return { known, unreadable }
}

function entriesOf(answer: unknown): [string, unknown][] {
  return typeof answer === 'object' && answer !== null ? Object.entries(answer) : []
}

/** `member, score, member, score, …` */
function scores(answer: unknown): Map<string, number> {
  const flat = Array.isArray(answer) ? answer.map(String) : []
  const found = new Map<string, number>()
  for (let i = 0; i + 1 < flat.length; i += 2) found.set(flat[i] ?? '', Number(flat[i + 1]))
  return found
}
