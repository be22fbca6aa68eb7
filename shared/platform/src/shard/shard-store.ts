import { randomUUID } from 'node:crypto'
import { currentKey, formerTimelineKey, type ShardKeys, shardKeys } from '@holdfast/contracts'
import { HoldfastError } from '../errors.ts'
import type { RedisClient } from '../redis/connect.ts'
import { type OutboxEntry, packChange, packedEntries, type ShardChange } from './change.ts'
import { beginScript, claimScript } from './claim-script.ts'
import { type CommitRefused, commitScript } from './commit-script.ts'
import { parseOutboxEntry, type StoredOutboxEntry, type WrittenOutbox } from './outbox.ts'
import { dropOutboxScript, serverRunScript } from './outbox-script.ts'
import { parseMeta, type ShardMeta } from './shard-meta.ts'
import { switchScript } from './switch-script.ts'

/** The generation that a shard begins with. */
export const FIRST_GENERATION = '1'

/** Which shard of which installation, and where. */
export interface ShardAddress {
  readonly client: RedisClient
  readonly prefix: string
  readonly partition: number
}

/** A shard as anybody may read it. */
export interface ShardReader {
  readonly partition: number
  readonly generation: string
  readonly keys: ShardKeys
  meta(): Promise<ShardMeta>
  /** What is stored in the order of `ids`, each a state and behind it the timeline; null where there is nothing. */
  states(ids: readonly string[]): Promise<(Buffer | null)[]>
  profiles(ids: readonly string[]): Promise<(Buffer | null)[]>
  /** Customers whose appointment is at or before `at`, earliest first. */
  due(at: number, limit: number): Promise<readonly string[]>
  overdue(at: number): Promise<number>
  appointment(id: string): Promise<number | undefined>
  counters(): Promise<ReadonlyMap<string, number>>
  outboxLength(): Promise<number>
  /** Every customer's state, some at a time; one that changes meanwhile may come twice or as either version. */
  eachState(): AsyncGenerator<readonly (readonly [id: string, state: Buffer])[]>
}

/** What a commit came to; with the entries that it put into the outbox, where it put any. */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly number: number; readonly outbox: WrittenOutbox | undefined }
  | CommitRefused

/** A shard in the hands of its owner. */
export interface ShardStore extends ShardReader {
  /** What was stored when the shard was claimed. */
  readonly claimed: ShardMeta
  /** @param number of the commit that this one builds on */
  commit(number: number, change: ShardChange): Promise<CommitOutcome>
  /** The oldest entries, or the oldest after one of them. */
  outbox(limit: number, after?: string): Promise<readonly StoredOutboxEntry[]>
  /** Names the run of the Redis server that holds the outbox; to be asked for before the entries are. */
  serverRun(): Promise<string>
  /** Forgets what has left, up to and with this entry. False, and nothing forgotten, where Redis was started since that run. */
  dropOutbox(through: string, serverRun: string): Promise<boolean>
  /** Whether a commit that builds on this number would be taken now. */
  accepts(number: number): Promise<boolean>
  /** Makes this generation the current one in place of another. False where that one is not current, or this one not ours. */
  replace(generation: string, number: number): Promise<boolean>
}

/** The shard's current generation; the first one where there is none yet. */
export async function currentGeneration({ client, prefix, partition }: ShardAddress): Promise<string> {
  return (await client.get(currentKey(prefix, partition))) ?? FIRST_GENERATION
}

/** Removes a generation that is not current any more; without blocking Redis. */
export async function dropGeneration({ client, prefix, partition }: ShardAddress, generation: string): Promise<void> {
  await client.unlink(...Object.values(scriptKeys(shardKeys(prefix, partition, generation))))
}

export async function readShard(address: ShardAddress): Promise<ShardReader> {
  return readGeneration(address, await currentGeneration(address))
}

/** Becomes the owner of a shard's current generation: whoever owned it before is refused from now on. */
export async function claimShard(address: ShardAddress): Promise<ShardStore> {
  const { client, prefix, partition } = address
  // A switch of generations between the two steps is seen by the script, and tried again.
  for (let attempt = 0; attempt < 5; attempt++) {
    const generation = await currentGeneration(address)
    const store = await claimGeneration(address, generation, currentKey(prefix, partition))
    if (store !== undefined) return store
  }
  throw new HoldfastError({
    code: 'SHARD_UNSTEADY',
    message: `shard ${partition} changed its generation five times while it was being claimed (at ${hostOf(client)})`,
    cure: 'see whether several rebuilds run at once; one is enough.',
    canRetry: true,
  })
}

async function claimGeneration(
  address: ShardAddress,
  generation: string,
  current: string,
): Promise<ShardStore | undefined> {
  const { client, prefix, partition } = address
  const keys = shardKeys(prefix, partition, generation)
  const token = randomUUID()
  const claimed = await claimScript.run(client, { current, meta: keys.meta }, [token, generation])
  if (claimed === undefined) return undefined
  await client.unlink(formerTimelineKey(prefix, partition, generation))
  return ownedShard(address, generation, token, claimed)
}

/**
 * A generation beside the current one, as `rebuild` fills it; `current` stays as it is.
 * @throws HoldfastError GENERATION_NOT_FRESH when anything is stored under it already
 */
export async function claimFresh(address: ShardAddress, generation: string): Promise<ShardStore> {
  const { client, prefix, partition } = address
  const token = randomUUID()
  if (!(await beginScript.run(client, scriptKeys(shardKeys(prefix, partition, generation)), [token]))) {
    throw new HoldfastError({
      code: 'GENERATION_NOT_FRESH',
      message: `generation ${generation} of shard ${partition} holds something already (at ${hostOf(client)})`,
      cure: 'take a name that was never used; what a broken-off rebuild left behind can be deleted.',
    })
  }
  return ownedShard(address, generation, token, parseMeta({ token, number: '0' }))
}

function scriptKeys({ worklist, ...others }: ShardKeys) {
  return { ...others, ...worklist }
}

function ownedShard(address: ShardAddress, generation: string, token: string, claimed: ShardMeta): ShardStore {
  const { client } = address
  const reader = readGeneration(address, generation)
  const { outbox } = reader.keys
  const keys = scriptKeys(reader.keys)
  return {
    ...reader,
    claimed,
    async commit(number, change) {
      const entries = packedEntries(change.outbox)
      const packed = packChange({ ...change, outbox: entries })
      const reply = await commitScript.run(client, keys, [token, number, ...packed])
      if (reply.kind === 'refused') return reply
      const { number: next, written } = reply
      return { kind: 'committed', number: next, outbox: written && { ...written, entries } }
    },
    async outbox(limit, after) {
      const from = after === undefined ? '-' : `(${after}`
      const entries = await client.xrangeBuffer(outbox, from, '+', 'COUNT', limit)
      return entries.map(parseOutboxEntry)
    },
    serverRun: () => serverRunScript.run(client, { outbox }),
    async dropOutbox(through, serverRun) {
      const [ms, sequence] = through.split('-')
      return dropOutboxScript.run(client, { outbox }, [serverRun, `${ms}-${Number(sequence) + 1}`])
    },
    async accepts(number) {
      const [owner, stored] = await client.hmget(reader.keys.meta, 'token', 'number')
      return owner === token && stored === String(number)
    },
    async replace(old, number) {
      const { prefix, partition } = address
      const { meta, outbox: oldOutbox } = shardKeys(prefix, partition, old)
      const current = currentKey(prefix, partition)
      return switchScript.run(
        client,
        { current, meta, outbox: oldOutbox, newMeta: reader.keys.meta, newOutbox: outbox },
        [old, generation, token, number],
      )
    },
  }
}

export function readGeneration({ client, prefix, partition }: ShardAddress, generation: string): ShardReader {
  const keys = shardKeys(prefix, partition, generation)
  return {
    partition,
    generation,
    keys,
    meta: async () => parseMeta(await client.hgetall(keys.meta)),
    states: (ids) => readFields(client, keys.state, ids),
    profiles: (ids) => readFields(client, keys.profile, ids),
    due: (at, limit) => client.zrangebyscore(keys.due, '-inf', at, 'LIMIT', 0, limit),
    overdue: (at) => client.zcount(keys.due, '-inf', at),
    async appointment(id) {
      const score = await client.zscore(keys.due, id)
      return score === null ? undefined : Number(score)
    },
    async counters() {
      const entries = Object.entries(await client.hgetall(keys.aggregates))
      return new Map(entries.map(([name, value]) => [name, Number(value)]))
    },
    outboxLength: () => client.xlen(keys.outbox),
    async *eachState() {
      let cursor = '0'
      do {
        const [next, flat] = await client.hscanBuffer(keys.state, cursor, 'COUNT', 1_000)
        cursor = String(next)
        const page: [string, Buffer][] = []
        for (let i = 0; i + 1 < flat.length; i += 2) page.push([flat[i]!.toString(), flat[i + 1]!])
        yield page
      } while (cursor !== '0')
    },
  }
}

/** Redis serves nobody else while it answers, so it is not asked for more at once. */
const MOST_FIELDS = 5_000

async function readFields(client: RedisClient, key: string, fields: readonly string[]): Promise<(Buffer | null)[]> {
  const parts: Promise<(Buffer | null)[]>[] = []
  for (let from = 0; from < fields.length; from += MOST_FIELDS) {
    parts.push(client.hmgetBuffer(key, ...fields.slice(from, from + MOST_FIELDS)))
  }
  return (await Promise.all(parts)).flat()
}

function hostOf(client: RedisClient): string {
  return 'options' in client && 'host' in client.options ? `${client.options.host}:${client.options.port}` : 'a cluster'
}

export type { OutboxEntry }
