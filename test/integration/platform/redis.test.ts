import { connectRedis, defineScript } from '@holdfast/platform'
import { flushTestRedis, markTestRedis, stopAfterTest, testLog, testRedis, uniqueName } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'

const urls = inject('redisUrls')

const swap = defineScript({
  name: 'swap',
  keys: ['state', 'meta'],
  lua: `
    local old = redis.call('GET', key_state)
    redis.call('SET', key_state, ARGV[1])
    return { redis.call('INCR', key_meta), old or false }
  `,
  reply: (raw) => {
    if (!Array.isArray(raw)) throw new Error('expected a pair')
    const [times, old]: unknown[] = raw
    return { times: Number(times), old: Buffer.isBuffer(old) ? old : undefined }
  },
})

test('a script has named keys, takes and gives bytes as they are, and survives that the server forgets it', async () => {
  const { client, prefix } = await testRedis(urls)
  const keys = { state: `${prefix}:{7}:state`, meta: `${prefix}:{7}:meta` }
  const bytes = Buffer.from([0, 255, 128, 10, 13, 0])
  expect(await swap.run(client, keys, [bytes])).toEqual({ times: 1, old: undefined })
  expect(await swap.run(client, keys, ['text'])).toEqual({ times: 2, old: bytes })
  const nodes = 'nodes' in client ? client.nodes('master') : [client]
  for (const node of nodes) await node.script('FLUSH')
  expect(await swap.run(client, keys, ['again'])).toEqual({ times: 3, old: Buffer.from('text') })
  await client.del(keys.state, keys.meta)
})

test('keys of two shards are refused before anything is sent, on one server too', async () => {
  const { client, prefix } = await testRedis(urls)
  const keys = { state: `${prefix}:{7}:state`, meta: `${prefix}:{8}:meta` }
  await expect(swap.run(client, keys, ['x'])).rejects.toMatchObject({ code: 'REDIS_KEYS_APART' })
  expect(await client.exists(keys.state)).toBe(0)
})

test('a script that fails says which one it was', async () => {
  const { client, prefix } = await testRedis(urls)
  const broken = defineScript({ name: 'broken', keys: ['state'], lua: 'return nothing.there', reply: String })
  await expect(broken.run(client, { state: prefix })).rejects.toMatchObject({
    code: 'REDIS_SCRIPT_FAILED',
    message: 'the script broken failed',
    cause: { message: expect.stringContaining("global variable 'nothing'") },
  })
})

test('commands wait while the connection is down, and the connection comes back by itself', async () => {
  const { client: other } = await testRedis(urls)
  const name = uniqueName('interrupted')
  const connection = stopAfterTest(await connectRedis(urls, { log: testLog, name }))
  let killed = 0
  expect(connection.isReady()).toBe(true)
  const nodes = 'nodes' in other ? other.nodes('master') : [other]
  for (const node of nodes) {
    const clients = String(await node.call('CLIENT', 'LIST')).split('\n')
    for (const line of clients.filter((text) => text.includes(` name=${name} `))) {
      await node.call('CLIENT', 'KILL', 'ID', /\bid=(\d+)/.exec(line)?.[1] ?? '')
      killed++
    }
  }
  expect(killed).toBeGreaterThan(0)
  expect(await connection.client.ping()).toBe('PONG')
})

test('a Redis that is not marked as a test’s is not flushed', async () => {
  const { client, prefix } = await testRedis(urls)
  await client.set(prefix, 'somebody’s')
  await expect(flushTestRedis(client)).rejects.toThrow('refused to flush')
  await expect(markTestRedis(client)).rejects.toThrow('holds keys')
  expect(await client.get(prefix)).toBe('somebody’s')
  await client.del(prefix)
})
