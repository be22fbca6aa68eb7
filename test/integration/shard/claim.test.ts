import { formerTimelineKey, shardKeys } from '@holdfast/contracts'
import {
  claimFresh,
  claimShard,
  currentGeneration,
  FIRST_GENERATION,
  type RedisClient,
  readShard,
} from '@holdfast/platform'
import { expect, test } from 'vitest'
import {
  after,
  before,
  change,
  claimedShard,
  currentKeyOf,
  dumpAll,
  PARTITION,
  type TestShard,
  testShard,
  whyOf,
} from './fixture.ts'

test('a shard that nobody has claimed reads as empty, and reading creates nothing', async () => {
  const { client, prefix, address } = await testShard()
  const reader = await readShard(address)
  expect([reader.partition, reader.generation]).toEqual([PARTITION, FIRST_GENERATION])
  expect(await reader.meta()).toEqual({
    token: '',
    number: 0,
    partitionCount: undefined,
    offsets: new Map(),
    origins: new Map(),
  })
  expect(await reader.states([])).toEqual([])
  expect(await reader.states(['a', 'b'])).toEqual([null, null])
  expect(await reader.profiles(['a'])).toEqual([null])
  expect(await reader.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([])
  expect(await reader.overdue(Number.MAX_SAFE_INTEGER)).toBe(0)
  expect(await reader.appointment('a')).toBeUndefined()
  expect(await reader.counters()).toEqual(new Map())
  expect(await reader.outboxLength()).toBe(0)
  const pages: unknown[] = []
  for await (const page of reader.eachState()) pages.push(...page)
  expect(pages).toEqual([])
  expect(await dumpAll(client, prefix)).toEqual(new Map())
})

test('the first claim begins the first generation at number 0', async () => {
  const shard = await claimedShard()
  const { client, store, address } = shard
  expect(store.claimed).toMatchObject({ number: 0, partitionCount: undefined, offsets: new Map(), origins: new Map() })
  expect(store.generation).toBe(FIRST_GENERATION)
  expect(await client.get(currentKeyOf(shard))).toBe(FIRST_GENERATION)
  expect(await currentGeneration(address)).toBe(FIRST_GENERATION)
})

test('a claim gives what the last commit stored under a token of its own', async () => {
  const { store, address } = await claimedShard()
  const meta = { 'offset:a': '5', 'offset:b': '0', 'origin:a:7': '12', 'partition-count': '4' }
  await store.commit(0, change({ meta }))
  const next = await claimShard(address)
  expect(next.claimed).toEqual({
    token: expect.not.stringMatching(store.claimed.token),
    number: 1,
    partitionCount: 4,
    offsets: new Map([
      ['a', 5],
      ['b', 0],
    ]),
    origins: new Map([['a:7', 12]]),
  })
  expect(await next.meta()).toEqual(next.claimed)
  expect(await (await readShard(address)).meta()).toEqual(next.claimed)
})

test('of many who claim at once, one can commit', async () => {
  const { address } = await testShard()
  const stores = await Promise.all(Array.from({ length: 8 }, () => claimShard(address)))
  const outcomes = await Promise.all(stores.map((store) => store.commit(0, before)))
  expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
})

test('a claim changes owner, and nothing else', async () => {
  const { client, prefix, store, address } = await claimedShard()
  await store.commit(0, before)
  const earlier = await dumpAll(client, prefix)
  await claimShard(address)
  const later = await dumpAll(client, prefix)
  expect([...later.keys()]).toEqual([...earlier.keys()])
  expect([...later].filter(([key, dump]) => earlier.get(key) !== dump).map(([key]) => key)).toEqual([store.keys.meta])
})

test('a claim removes the timelines that an earlier release kept under a key of their own', async () => {
  const { client, prefix, address } = await claimedShard()
  const former = formerTimelineKey(prefix, PARTITION, FIRST_GENERATION)
  await client.hset(former, 'gone', 'x')
  await claimShard(address)
  expect(await client.exists(former)).toBe(0)
})

/** The client, but `current` turns between a claim's look at it and its script; `turn` returns what it turns to. */
function turningClient({ client }: TestShard, turn: (look: number) => Promise<void>): RedisClient {
  let look = 0
  return new Proxy(client, {
    get(target, name) {
      if (name !== 'get') {
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (key: string) => {
        const found = await target.get(key)
        await turn(++look)
        return found
      }
    },
  })
}

test('a switch of generations in the middle of a claim is seen: the new one is claimed and the old one left alone', async () => {
  const shard = await claimedShard()
  const { client, address, store: old } = shard
  await old.commit(0, before)
  const fresh = await claimFresh(address, '2')
  await fresh.commit(0, change({ meta: { 'offset:a': '9' } }))
  const oldMeta = await old.meta()
  let looks = 0
  const turning = turningClient(shard, async (look) => {
    looks = look
    if (look === 1) await client.set(currentKeyOf(shard), '2')
  })
  const claimed = await claimShard({ ...address, client: turning })
  expect(looks).toBe(2)
  expect(claimed.generation).toBe('2')
  expect(claimed.claimed).toMatchObject({ number: 1, offsets: new Map([['a', 9]]) })
  expect(await old.meta()).toEqual(oldMeta)
  expect(await fresh.commit(1, after)).toMatchObject({ kind: 'refused', reason: 'owner' })
  expect(await claimed.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 })
})

test('a generation that never rests is an error that may be retried, and nobody became owner', async () => {
  const shard = await testShard()
  const { client, prefix, address } = shard
  let looks = 0
  const turning = turningClient(shard, async (look) => {
    looks = look
    await client.set(currentKeyOf(shard), `g${look}`)
  })
  await expect(claimShard({ ...address, client: turning })).rejects.toMatchObject({
    code: 'SHARD_UNSTEADY',
    canRetry: true,
    message: expect.stringContaining(`shard ${PARTITION} `),
  })
  expect(looks).toBe(5)
  expect([...(await dumpAll(client, prefix)).keys()]).toEqual([currentKeyOf(shard)])
})

test('a fresh generation fills beside the current one, which goes on', async () => {
  const { client, store, address } = await claimedShard()
  await store.commit(0, before)
  const fresh = await claimFresh(address, '2')
  expect(fresh.claimed).toEqual({ ...(await fresh.meta()), number: 0, offsets: new Map() })
  expect(await fresh.commit(0, after)).toMatchObject({ kind: 'committed', number: 1 })
  expect(await store.commit(1, change({ counters: new Map([['customers', 1]]) }))).toMatchObject({
    number: 2,
  })
  expect((await store.counters()).get('customers')).toBe(4)
  expect((await fresh.counters()).get('customers')).toBe(1)
  expect(await currentGeneration(address)).toBe(FIRST_GENERATION)
  expect((await readShard(address)).generation).toBe(FIRST_GENERATION)
  expect((await client.hkeys(fresh.keys.state)).sort()).toEqual(['calms', 'goes', 'moves', 'new'])
})

test('readers follow the current generation', async () => {
  const shard = await claimedShard()
  const { client, address } = shard
  const fresh = await claimFresh(address, 'b_2-x')
  await fresh.commit(0, before)
  await client.set(currentKeyOf(shard), 'b_2-x')
  const reader = await readShard(address)
  expect(reader.generation).toBe('b_2-x')
  expect(reader.keys).toEqual(fresh.keys)
  expect(await reader.counters()).toEqual(before.counters)
})

test('a generation that holds anything is not fresh, the current one least of all, and is left alone', async () => {
  const { client, prefix, store, address } = await claimedShard()
  await store.commit(0, before)
  const leftover = shardKeys(prefix, PARTITION, '7').profile
  await client.hset(leftover, 'c', 'x')
  const untouched = await dumpAll(client, prefix)
  for (const generation of [FIRST_GENERATION, '7']) {
    await expect(claimFresh(address, generation)).rejects.toMatchObject({
      code: 'GENERATION_NOT_FRESH',
      message: expect.stringContaining(`generation ${generation} `),
    })
  }
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  expect(await store.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 })
})

test.each(['current', 'meta'] as const)('a claim that finds %s of another type writes nothing', async (name) => {
  const shard = await testShard()
  const { client, prefix, address } = shard
  const key = name === 'current' ? currentKeyOf(shard) : shardKeys(prefix, PARTITION, FIRST_GENERATION).meta
  await client.rpush(key, 'x')
  const untouched = await dumpAll(client, prefix)
  await expect(claimShard(address)).rejects.toThrow()
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  if (name === 'meta') expect(await whyOf(claimShard(address))).toMatch('WRONGTYPE')
})

test.each([
  ['number', 'soon'],
  ['offset:purchases', '-1'],
  ['origin:purchases:3', '1.5'],
  ['partition-count', ''],
])('meta whose %s is %j is told with the field and the way out', async (field, value) => {
  const { client, store, address } = await claimedShard()
  await client.hset(store.keys.meta, field, value)
  await expect(claimShard(address)).rejects.toMatchObject({
    code: 'SHARD_META_BROKEN',
    message: expect.stringContaining(`${field} `),
    cure: expect.stringContaining('rebuild'),
  })
})
