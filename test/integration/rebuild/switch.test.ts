import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { shardKeys } from '@holdfast/contracts'
import {
  claimFresh,
  claimShard,
  connectRedis,
  currentGeneration,
  dropGeneration,
  FIRST_GENERATION,
  HoldfastError,
  type ShardStore,
} from '@holdfast/platform'
import { stopAfterTest, testLog, uniqueName } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { switchScript } from '../../../shared/platform/src/shard/switch-script.ts'
import {
  before,
  change,
  claimedShard,
  currentKeyOf,
  dumpAll,
  entry,
  PARTITION,
  type TestShard,
  testShard,
  whyOf,
} from '../shard/fixture.ts'

const NEW = 'g2'

/** A shard whose owner has something unsent, and a generation beside it that has something of its own to say. */
async function twoGenerations(own: readonly string[] = []) {
  const shard = await claimedShard()
  const { store: old, address } = shard
  await old.commit(0, before)
  await old.commit(1, change({ outbox: [entry('second of the old'), entry('third of the old')] }))
  const fresh = await claimFresh(address, NEW)
  await fresh.commit(0, change({ outbox: own.map((text) => entry(text)) }))
  return { ...shard, old, fresh }
}

const OLD_ENTRIES = ['earlier', 'second of the old', 'third of the old']

async function headersOf(store: ShardStore): Promise<string[]> {
  return (await store.outbox(1_000)).map(({ header }) => header)
}

const switchKeys = (shard: TestShard, old: string, next: string) => ({
  current: currentKeyOf(shard),
  meta: shardKeys(shard.prefix, PARTITION, old).meta,
  outbox: shardKeys(shard.prefix, PARTITION, old).outbox,
  newMeta: shardKeys(shard.prefix, PARTITION, next).meta,
  newOutbox: shardKeys(shard.prefix, PARTITION, next).outbox,
})

test('a switch fences the old owner, and carries what it has not sent ahead of what the new generation says', async () => {
  const { address, old, fresh } = await twoGenerations(['first of the new', 'second of the new'])
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  expect(await currentGeneration(address)).toBe(NEW)
  expect(await old.commit(2, change())).toEqual({ kind: 'refused', reason: 'owner', found: 'fenced' })
  expect(await old.accepts(2)).toBe(false)
  const claimed = await claimShard(address)
  expect(claimed.generation).toBe(NEW)
  const entries = await claimed.outbox(1_000)
  expect(entries.map(({ header }) => header)).toEqual([...OLD_ENTRIES, 'first of the new', 'second of the new'])
  expect(entries.map(({ value }) => String(value))).toEqual(entries.map(({ header }) => `value of ${header}`))
  // The stream goes on where the carried entries end.
  await claimed.commit(1, change({ outbox: [entry('after the switch')] }))
  expect((await headersOf(claimed)).at(-1)).toBe('after the switch')
})

test('with nothing to carry over, what the new generation has to say stands as it was', async () => {
  const { client, old, fresh } = await twoGenerations(['first of the new'])
  await client.xtrim(old.keys.outbox, 'MAXLEN', 0)
  const untouched = await client.dumpBuffer(fresh.keys.outbox)
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  expect(await client.dumpBuffer(fresh.keys.outbox)).toEqual(untouched)
})

test('a switch whose answer was lost is sent again: it says that it happened, and happens once', async () => {
  const { client, prefix, address, fresh } = await twoGenerations(['first of the new'])
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  const turned = await dumpAll(client, prefix)
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  expect(await dumpAll(client, prefix)).toEqual(turned)

  // The owner may have been quicker than the second sending: it has claimed and committed, and the old keys are gone.
  const owner = await claimShard(address)
  await owner.commit(1, change({ counters: new Map([['customers', 1]]) }))
  await dropGeneration(address, FIRST_GENERATION)
  const later = await dumpAll(client, prefix)
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  expect(await dumpAll(client, prefix)).toEqual(later)
})

/** A way to Redis on which an answer can be lost: the connection breaks in its place. */
async function lossyWay(url: string) {
  const { hostname, port } = new URL(url)
  const state = { losing: false, lost: 0 }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      if (!state.losing) return near.write(bytes)
      state.losing = false
      state.lost++
      far.destroy()
      return near.destroy()
    })
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { state, url: `redis://127.0.0.1:${address.port}` }
}

// The nodes of a cluster say themselves where they are, so there is no way around them.
test.skipIf(inject('redisUrls').length > 1)(
  'the client sends a switch again by itself when the connection breaks in place of the answer: not overtaken',
  async () => {
    const { address, old } = await twoGenerations()
    const { state, url } = await lossyWay(inject('redisUrls')[0] ?? '')
    const { client } = stopAfterTest(await connectRedis([url], { log: testLog, name: 'builder' }))
    const fresh = await claimFresh({ ...address, client }, 'g3')
    // Known to the server, so that the first answer is the switch's.
    await client.script('LOAD', switchScript.lua)
    state.losing = true
    expect(await fresh.replace(FIRST_GENERATION, 0)).toBe(true)
    expect(state.lost).toBe(1)
    expect(await currentGeneration(address)).toBe('g3')
    expect(await old.accepts(2)).toBe(false)
    expect(await headersOf(fresh)).toEqual(OLD_ENTRIES)
  },
)

test('of two generations built beside the same one, one becomes current, and the other changes nothing', async () => {
  const { client, prefix, address, fresh } = await twoGenerations(['of the first builder'])
  const rival = await claimFresh(address, 'rival')
  expect(await rival.replace(FIRST_GENERATION, 0)).toBe(true)
  const turned = await dumpAll(client, prefix)
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(false)
  expect(await dumpAll(client, prefix)).toEqual(turned)
  expect(await headersOf(rival)).toEqual(OLD_ENTRIES)
})

test('a builder whose generation is not as it left it turns nothing', async () => {
  const { client, prefix, fresh } = await twoGenerations()
  const untouched = await dumpAll(client, prefix)
  expect(await fresh.replace(FIRST_GENERATION, 0)).toBe(false)
  expect(await fresh.replace(FIRST_GENERATION, 2)).toBe(false)
  expect(await fresh.replace('another', 1)).toBe(false)
  expect(await dumpAll(client, prefix)).toEqual(untouched)
})

test('a shard that nobody has claimed, as after Redis was lost, is turned as well', async () => {
  const { address } = await testShard()
  const fresh = await claimFresh(address, NEW)
  await fresh.commit(0, before)
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  const claimed = await claimShard(address)
  expect(claimed.generation).toBe(NEW)
  expect(await claimed.counters()).toEqual(before.counters)
})

test('outboxes whose ids have come to their end are left behind, and what they hold is not', async () => {
  const { client, old, fresh, address } = await twoGenerations(['first of the new'])
  for (const { keys } of [old, fresh]) {
    await client.call('XSETID', keys.outbox, '18446744073709551615-18446744073709551615')
  }
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
  const claimed = await claimShard(address)
  expect(await headersOf(claimed)).toEqual([...OLD_ENTRIES, 'first of the new'])
  await claimed.commit(1, change({ outbox: [entry('after the switch')] }))
})

const roles = ['meta', 'outbox', 'newMeta', 'newOutbox'] as const

test.each(roles)('where %s is of another type, nothing is written, and the old owner goes on', async (role) => {
  const { client, prefix, old, fresh, address } = await twoGenerations(['first of the new'])
  const shard = { client, prefix, address }
  const key = switchKeys(shard, FIRST_GENERATION, NEW)[role]
  await client.rename(key, `${key}:aside`)
  await client.set(key, 'somebody else’s')
  const untouched = await dumpAll(client, prefix)
  expect(await whyOf(fresh.replace(FIRST_GENERATION, 1))).toMatch('WRONGTYPE')
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  await client.unlink(key)
  await client.rename(`${key}:aside`, key)
  expect((await old.commit(2, change())).kind).toBe('committed')
  expect(await fresh.replace(FIRST_GENERATION, 1)).toBe(true)
})

test('an entry that no commit wrote, and that cannot be carried over, stops the switch before it begins', async () => {
  const { client, prefix, old, fresh } = await twoGenerations()
  const fields = Array.from({ length: 10_000 }, (_, i) => `f${i}`)
  await client.xadd(old.keys.outbox, '*', ...fields)
  const untouched = await dumpAll(client, prefix)
  expect(await whyOf(fresh.replace(FIRST_GENERATION, 1))).toMatch('none of ours')
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  expect((await old.commit(2, change())).kind).toBe('committed')
})

const commands = ['get', 'type', 'hmget', 'xrange', 'hset', 'del', 'xadd', 'set']

test('these are the commands of the script', () => {
  const called = [...switchScript.lua.matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, name]) => name?.toLowerCase())
  expect(new Set(called)).toEqual(new Set(commands))
})

test.each(commands)('where %s is forbidden, nothing is written', async (command) => {
  const { client, prefix, old, fresh, address } = await twoGenerations(['first of the new'])
  const user = uniqueName('limited')
  const nodes = 'nodes' in client ? client.nodes('master') : [client]
  for (const node of nodes) {
    await node.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '&*', '+@all', `-${command}`)
  }
  onTestFinished(async () => {
    for (const node of nodes) await node.call('ACL', 'DELUSER', user)
  })
  const urls = inject('redisUrls').map((url) => url.replace('//', `//${user}:secret@`))
  const limited = stopAfterTest(await connectRedis(urls, { log: testLog, name: 'limited' })).client
  const { token } = await fresh.meta()
  const untouched = await dumpAll(client, prefix)
  const running = switchScript.run(limited, switchKeys({ client, prefix, address }, FIRST_GENERATION, NEW), [
    FIRST_GENERATION,
    NEW,
    token,
    1,
  ])
  await expect(running).rejects.toBeInstanceOf(HoldfastError)
  expect(await whyOf(running)).toMatch(/NOPERM|can't run this command/)
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  expect((await old.commit(2, change())).kind).toBe('committed')
})
