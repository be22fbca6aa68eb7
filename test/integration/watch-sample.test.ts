import { shardKeys } from '@holdfast/contracts'
import { EMPTY_STATE, ERASED_STATE, encodeState, fold, hash48 } from '@holdfast/core'
import { shardOf } from '@holdfast/platform'
import { testRedis } from '@holdfast/testing'
import { sampleBuyers } from '@holdfast/trainer'
import { expect, inject, onTestFinished, test, vi } from 'vitest'

const PARTITIONS = 3
const NOW = Date.UTC(2026, 5, 1)
const buyer = encodeState(
  fold(EMPTY_STATE, {
    type: 'purchase.completed',
    customerId: 'c',
    time: NOW,
    knownAt: NOW,
    idHash: 1,
    amountMinor: 100,
  }),
)
const visitor = encodeState(
  fold(EMPTY_STATE, { type: 'engagement.visited', customerId: 'c', time: NOW, knownAt: NOW, idHash: 1 }),
)

/** States of customers as the shards hold them, whoever wrote them there. */
async function storeStates(states: ReadonlyMap<string, Uint8Array>) {
  const { client, prefix } = await testRedis(inject('redisUrls'))
  const keys = Array.from({ length: PARTITIONS }, (_, p) => shardKeys(prefix, p, '1').state)
  onTestFinished(async () => {
    for (const key of keys) await client.unlink(key)
  })
  for (const [partition, key] of keys.entries()) {
    const own = [...states].filter(([id]) => shardOf(id, PARTITIONS) === partition)
    for (let i = 0; i < own.length; i += 1_000) {
      await client.hset(key, ...own.slice(i, i + 1_000).flatMap(([id, bytes]) => [id, Buffer.from(bytes)]))
    }
  }
  const commands = vi.spyOn(client, 'hscanBuffer')
  const sample = (limit: number) => sampleBuyers({ client, prefix, partitions: PARTITIONS, limit })
  return { sample, pages: () => commands.mock.calls.length }
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `customer-${i}`)
const names = (sample: { readonly customers: readonly { readonly id: string }[] }) =>
  sample.customers.map(({ id }) => id)

test('of few customers, the buyers with the smallest hashes: the same ones every time, and as many as there are', async () => {
  const all = ids(3_000)
  const { sample } = await storeStates(new Map(all.map((id, i) => [id, i % 3 === 0 ? visitor : buyer])))
  const buyers = all.filter((_, i) => i % 3 !== 0).sort((a, b) => hash48(a) - hash48(b))
  const thousand = names(await sample(1_000))
  expect(thousand).toHaveLength(1_000)
  expect(names(await sample(1_000))).toEqual(thousand)
  // Each shard gives its share, so only at the far end may one who is not among the smallest stand for one who is.
  expect(thousand.filter((id) => buyers.slice(0, 1_100).includes(id)).length).toBeGreaterThan(950)
  expect(new Set(names(await sample(10_000)))).toEqual(new Set(buyers))
})

test('of many, what is read does not grow with their number, and who is read does not depend on when they came', async () => {
  const all = ids(60_000)
  const { sample, pages } = await storeStates(new Map(all.map((id) => [id, buyer])))
  const chosen = names(await sample(500))
  expect(chosen).toHaveLength(500)
  expect(names(await sample(500))).toEqual(chosen)
  // Ten states are read for each one wanted, a thousand a page, and a page more for each shard to be cut off in.
  expect(pages()).toBeLessThanOrEqual(2 * (5 + 2 * PARTITIONS))
  // The n-th customer is as likely as any: the mean of their numbers lies within four standard errors of the middle.
  const mean = chosen.reduce((sum, id) => sum + Number(id.slice('customer-'.length)), 0) / chosen.length
  expect(Math.abs(mean - 30_000)).toBeLessThan((4 * 60_000) / Math.sqrt(12 * 500))
})

test('erased customers are nobody; who cannot be read is named and replaced; of nobody there is no sample', async () => {
  const states = new Map<string, Uint8Array>(ids(40).map((id) => [id, buyer]))
  for (const id of ids(5)) states.set(id, encodeState(ERASED_STATE))
  states.set('customer-7', Buffer.from('rubbish'))
  const { sample } = await storeStates(states)
  const found = await sample(100)
  expect(found.unreadable).toEqual(['customer-7'])
  expect(new Set(names(found))).toEqual(new Set(ids(40).filter((id, i) => i >= 5 && id !== 'customer-7')))
  const nobody = await storeStates(new Map())
  expect(await nobody.sample(100)).toEqual({ customers: [], unreadable: [] })
})
