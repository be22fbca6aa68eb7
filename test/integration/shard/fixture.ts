import { currentKey } from '@holdfast/contracts'
import {
  type CustomerWrite,
  claimShard,
  HoldfastError,
  type OutboxEntry,
  type RedisClient,
  type ShardChange,
  type ShardReader,
  type ShardStore,
} from '@holdfast/platform'
import { testRedis } from '@holdfast/testing'
import { inject, onTestFinished } from 'vitest'

export const PARTITION = 3

export interface TestShard {
  readonly client: RedisClient
  readonly prefix: string
  readonly address: { readonly client: RedisClient; readonly prefix: string; readonly partition: number }
}

/** A shard that nobody has claimed, in the Redis of the test run, gone after the test. */
export async function testShard(): Promise<TestShard> {
  const { client, prefix } = await testRedis(inject('redisUrls'))
  onTestFinished(async () => {
    for (const key of await keysOf(client, prefix)) await client.unlink(key)
  })
  return { client, prefix, address: { client, prefix, partition: PARTITION } }
}

export async function claimedShard(): Promise<TestShard & { readonly store: ShardStore }> {
  const shard = await testShard()
  return { ...shard, store: await claimShard(shard.address) }
}

export function customer(id: string, more: Partial<CustomerWrite> = {}): CustomerWrite {
  return {
    id,
    state: Buffer.from(`state of ${id}`),
    due: undefined,
    worklist: 'none',
    priority: 0,
    erased: false,
    ...more,
  }
}

/** A change whose lists can be looked at. */
export interface ListedChange extends ShardChange {
  readonly customers: readonly CustomerWrite[]
  readonly outbox: readonly OutboxEntry[]
}

export function change(more: Partial<ListedChange> = {}): ListedChange {
  return { customers: [], profiles: new Map(), counters: new Map(), outbox: [], meta: {}, ...more }
}

export function entry(header: string, value = Buffer.from(`value of ${header}`)): OutboxEntry {
  return { kind: 'job', header, value }
}

/** A change that makes every command of the commit script do something, upon a shard that holds `before`. */
export const after = change({
  customers: [
    customer('new', { due: 2_000, worklist: 'at_risk', priority: 12.5 }),
    customer('moves', { due: 3_000, worklist: 'lapsed', priority: 7 }),
    customer('calms', { due: undefined, worklist: 'none' }),
    customer('goes', { erased: true }),
  ],
  profiles: new Map([['new', '{"name":"N"}']]),
  counters: new Map([
    ['customers', 1],
    ['lost', -3],
  ]),
  outbox: [entry('first'), entry('second', Buffer.alloc(0))],
  meta: { 'offset:purchases': '20', 'offset:support': '7' },
})

/** Leaves none of the eight keys empty. */
export const before = change({
  customers: [
    customer('moves', { due: 1_000, worklist: 'at_risk', priority: 5 }),
    customer('calms', { due: 1_500, worklist: 'lapsed', priority: 6 }),
    customer('goes', { due: 1_600, worklist: 'at_risk', priority: 8 }),
  ],
  profiles: new Map([['goes', '{"name":"G"}']]),
  counters: new Map([
    ['customers', 3],
    ['lost', 10],
  ]),
  outbox: [entry('earlier')],
  meta: { 'offset:purchases': '10' },
})

/** Under the names that the commit script gives its keys. */
export function scriptKeys({ keys: { worklist, ...others } }: ShardReader) {
  return { ...others, ...worklist }
}

/** Every key of a test with its type and bytes as Redis would save them: equal means that nothing was touched. */
export async function dumpAll(client: RedisClient, prefix: string): Promise<ReadonlyMap<string, string>> {
  const dumps = new Map<string, string>()
  for (const key of (await keysOf(client, prefix)).sort()) {
    dumps.set(key, `${await client.type(key)} ${(await client.dumpBuffer(key)).toString('hex')}`)
  }
  return dumps
}

async function keysOf(client: RedisClient, prefix: string): Promise<string[]> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client]
  const lists = await Promise.all(nodes.map((node) => node.keys(`${prefix}:*`)))
  return lists.flat()
}

export function currentKeyOf({ prefix }: TestShard): string {
  return currentKey(prefix, PARTITION)
}

/** What Redis said when it refused a script. @throws when nothing failed, or something else did */
export async function whyOf(running: Promise<unknown>): Promise<string> {
  const failure = await running.then(
    (outcome) => new Error(`no failure but ${JSON.stringify(outcome)}`),
    (thrown: unknown) => thrown,
  )
  if (failure instanceof HoldfastError && failure.cause instanceof Error) return failure.cause.message
  throw failure
}
