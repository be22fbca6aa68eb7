import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort, sayNothing, startRedis } from '@holdfast/local'
import { claimShard, connectRedis, type RedisClient } from '@holdfast/platform'
import { stopAfterTest, testLog, uniqueName } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { packChange } from '../../../shared/platform/src/shard/change.ts'
import { commitScript } from '../../../shared/platform/src/shard/commit-script.ts'
import { after, before, change, customer, dumpAll, entry, PARTITION, scriptKeys, whyOf } from './fixture.ts'

/** A Redis of the test's own, because these tests break the server, with a shard that one commit has filled. */
async function privateShard() {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-shard-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const start = () => startRedis({ dir, say: sayNothing })
  const server = { now: await start() }
  onTestFinished(() => server.now.stop())
  const connect = async (url: string) => stopAfterTest(await connectRedis([url], { log: testLog, name: 'test' })).client
  const client = await connect(server.now.url)
  const prefix = uniqueName('hf-test')
  const store = await claimShard({ client, prefix, partition: PARTITION })
  await store.commit(0, before)
  const untouched = await dumpAll(client, prefix)
  return {
    client,
    prefix,
    store,
    connectAs: (user: string, password: string) => connect(server.now.url.replace('//', `//${user}:${password}@`)),
    async crash() {
      await server.now.kill()
      server.now = await start()
    },
    expectUntouched: async () => expect(await dumpAll(client, prefix)).toEqual(untouched),
    expectTakes: async () => expect(await store.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 }),
  }
}

const usedBytes = async (client: RedisClient): Promise<number> =>
  Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1])

test('a Redis without memory takes nothing of a commit, and all of it when it has some again', async () => {
  const { client, store, expectUntouched, expectTakes } = await privateShard()
  await client.config('SET', 'maxmemory', '1')
  expect(await whyOf(store.commit(1, after))).toMatch('OOM')
  await expectUntouched()
  await client.config('SET', 'maxmemory', '0')
  await expectTakes()
})

test('memory that ends in the middle of a commit does not cut it', async () => {
  const { client, store } = await privateShard()
  const count = 5_000
  const outbox = [entry('one'), entry('two')]
  const outcomes = new Set<string>()
  let number = 1
  for (let round = 0; round < 12; round++) {
    const customers = Array.from({ length: count }, (_, i) =>
      customer(`r${round}-${i}`, { due: i, worklist: 'at_risk', state: Buffer.alloc(200) }),
    )
    const known = { states: await client.hlen(store.keys.state), outbox: await store.outboxLength() }
    // From too little for the arguments to enough for a part of what they write.
    await client.config('SET', 'maxmemory', String((await usedBytes(client)) + round * 500_000))
    const outcome = await store.commit(number, change({ customers, outbox })).catch(() => 'failed' as const)
    await client.config('SET', 'maxmemory', '0')
    const taken = outcome === 'failed' ? 0 : 1
    number += taken
    outcomes.add(taken === 1 ? 'taken' : 'failed')
    expect((await store.meta()).number).toBe(number)
    expect(await client.hlen(store.keys.state)).toBe(known.states + taken * count)
    expect(await store.outboxLength()).toBe(known.outbox + taken * outbox.length)
  }
  expect(outcomes).toEqual(new Set(['failed', 'taken']))
})

test('a replica takes nothing', async () => {
  const { client, store, expectUntouched, expectTakes } = await privateShard()
  await client.replicaof('127.0.0.1', await findFreePort())
  expect(await whyOf(store.commit(1, after))).toMatch('READONLY')
  await expectUntouched()
  await client.replicaof('NO', 'ONE')
  await expectTakes()
})

test('a Redis that misses its replicas takes nothing', async () => {
  const { client, store, expectUntouched, expectTakes } = await privateShard()
  await client.config('SET', 'min-replicas-to-write', '1')
  expect(await whyOf(store.commit(1, after))).toMatch('NOREPLICAS')
  await expectUntouched()
  await client.config('SET', 'min-replicas-to-write', '0')
  await expectTakes()
})

// Every command of the script, in its order: a user who may not run one of them gets none of the others' effects.
const commands = ['type', 'hmget', 'info', 'exists', 'xinfo', 'hset', 'zrem', 'zadd', 'hdel', 'xadd']

test('these are the commands of the script', () => {
  const called = [...commitScript.lua.matchAll(/(?:redis\.call\(|writeAll\()'([A-Z]+)'/g)].map(([, name]) => name)
  expect(new Set(called.map((name) => name?.toLowerCase()))).toEqual(new Set(commands))
})

test.each(commands)('where %s fails, nothing is written', async (command) => {
  const { client, store, connectAs, expectUntouched, expectTakes } = await privateShard()
  await client.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all', `-${command}`)
  const limited = await connectAs('limited', 'secret')
  const { token } = await store.meta()
  const args = [token, 1, ...packChange(after)]
  expect(await whyOf(commitScript.run(limited, scriptKeys(store), args))).toMatch(/NOPERM|can't run this command/)
  await expectUntouched()
  await expectTakes()
})

test('a Redis that forgot the script is told it again', async () => {
  const { client, expectTakes } = await privateShard()
  await client.script('FLUSH')
  expect(await client.script('EXISTS', 'ffffffffffffffffffffffffffffffffffffffff')).toEqual([0])
  await expectTakes()
})

test('a commit under way when Redis is killed is there as a whole, once, when Redis is back', async () => {
  const { client, store, crash } = await privateShard()
  const count = 20_000
  for (let round = 0; round < 4; round++) {
    const number = 1 + round
    const customers = Array.from({ length: count }, (_, i) =>
      customer(`r${round}-${i}`, { due: i, worklist: 'lapsed' }),
    )
    const commit = store.commit(
      number,
      change({ customers, counters: new Map([['sum', count]]), outbox: [entry(`${round}`)] }),
    )
    // The rounds kill it before the commit arrives, later, and after some of the answer's way.
    for (let turns = 0; turns < round * 3; turns++) await new Promise((resolve) => setImmediate(resolve))
    await crash()
    const outcome = await commit
    if (outcome.kind === 'refused')
      expect(outcome).toEqual({ kind: 'refused', reason: 'number', found: `${number + 1}` })
    expect((await store.meta()).number).toBe(number + 1)
    expect((await store.counters()).get('sum')).toBe(count * (round + 1))
    expect(await store.outboxLength()).toBe(before.outbox.length + round + 1)
    expect(await client.hlen(store.keys.state)).toBe(before.customers.length + count * (round + 1))
    expect(await client.zcard(store.keys.worklist.lapsed)).toBe(1 + count * (round + 1))
  }
})
