import { expect, test } from 'vitest'
import { after, before, claimedShard, currentKeyOf, dumpAll, scriptKeys, whyOf } from './fixture.ts'

const keyNames = ['meta', 'state', 'profile', 'due', 'at_risk', 'lapsed', 'aggregates', 'outbox'] as const

async function filledShard() {
  const shard = await claimedShard()
  await shard.store.commit(0, before)
  return { ...shard, keys: scriptKeys(shard.store), dump: () => dumpAll(shard.client, shard.prefix) }
}

test('the eight keys of the script are all keys of a shard but the name of its generation', async () => {
  const shard = await filledShard()
  expect(Object.keys(shard.keys).sort()).toEqual([...keyNames].sort())
  expect([...(await shard.dump()).keys()].sort()).toEqual([...Object.values(shard.keys), currentKeyOf(shard)].sort())
})

const foreign = ['string', 'list', 'set', 'zset', 'hash', 'stream'] as const
test.each(keyNames)('a key %s of another type fails the commit, which touches nothing', async (name) => {
  const { client, keys, store, dump } = await filledShard()
  const key = keys[name]
  const own = await client.type(key)
  const kept = await client.dumpBuffer(key)
  for (const type of foreign.filter((other) => other !== own)) {
    await client.unlink(key)
    if (type === 'string') await client.set(key, '1')
    if (type === 'list') await client.rpush(key, '1')
    if (type === 'set') await client.sadd(key, '1')
    if (type === 'zset') await client.zadd(key, 1, '1')
    if (type === 'hash') await client.hset(key, 'token', '1')
    if (type === 'stream') await client.xadd(key, '*', 'kind', '1')
    const untouched = await dump()
    expect(await whyOf(store.commit(1, after))).toMatch(`WRONGTYPE ${key} holds a ${type}, not a ${own}`)
    expect(await dump()).toEqual(untouched)
  }
  await client.restore(key, 0, kept, 'REPLACE')
  expect(await store.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 })
})

const noCounter = [
  'many',
  '',
  ' ',
  '1.5',
  '1e3',
  '0x10',
  'nan',
  '-nan',
  'inf',
  '9007199254740992',
  '-9007199254740993',
  '1e300',
]
test.each(noCounter)('a counter that holds %j fails the commit, which touches nothing', async (text) => {
  const { client, keys, store, dump } = await filledShard()
  await client.hset(keys.aggregates, 'lost', text)
  const untouched = await dump()
  expect(await whyOf(store.commit(1, after))).toMatch('counter lost')
  expect(await dump()).toEqual(untouched)
})

test.each([
  [Number.MAX_SAFE_INTEGER, 1],
  [-Number.MAX_SAFE_INTEGER, -1],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
])('a counter at %d that moves by %d leaves the whole numbers, and fails', async (value, by) => {
  const { client, keys, store, dump } = await filledShard()
  await client.hset(keys.aggregates, 'lost', String(value))
  const untouched = await dump()
  const counters = new Map([
    ['customers', 1],
    ['lost', by],
  ])
  expect(await whyOf(store.commit(1, { ...after, counters }))).toMatch('counter lost leaves the whole numbers')
  expect(await dump()).toEqual(untouched)
  expect(await store.commit(1, { ...after, counters: new Map([['lost', -by]]) })).toMatchObject({
    number: 2,
  })
})

test.each([
  ['the very last id', '18446744073709551615-18446744073709551615'],
  ['the last but one', '18446744073709551615-18446744073709551614'],
])('an outbox at %s takes no more, and the commit fails as a whole', async (_, id) => {
  const { client, keys, store, dump } = await filledShard()
  await client.xadd(keys.outbox, id, 'kind', 'job', 'header', '', 'value', '')
  const untouched = await dump()
  expect(await whyOf(store.commit(1, after))).toMatch('outbox')
  expect(await dump()).toEqual(untouched)
  expect(await store.commit(1, { ...after, outbox: [] })).toMatchObject({ kind: 'committed', number: 2 })
})

test.each(['soon', 'nan', '9007199254740992', '1.5'])(
  'a commit number %j in meta fails the commit that builds on it',
  async (text) => {
    const { client, keys, store, dump } = await filledShard()
    await client.hset(keys.meta, 'number', text)
    const untouched = await dump()
    const number = { soon: Number.NaN, nan: Number.NaN }[text] ?? Number(text)
    expect(await store.commit(number, after).catch(() => 'failed')).not.toMatchObject({
      kind: 'committed',
    })
    expect(await dump()).toEqual(untouched)
  },
)
