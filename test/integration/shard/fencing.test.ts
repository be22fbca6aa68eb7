import { claimShard } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { after, before, claimedShard, dumpAll } from './fixture.ts'

test('who claims later owns the shard: every commit of the earlier owner is refused and touches nothing', async () => {
  const { client, prefix, store: earlier, address } = await claimedShard()
  await earlier.commit(0, before)
  const later = await claimShard(address)
  const { token } = await later.meta()
  const untouched = await dumpAll(client, prefix)
  for (const number of [0, 1, 2]) {
    expect(await earlier.commit(number, after)).toEqual({
      kind: 'refused',
      reason: 'owner',
      found: token,
    })
  }
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  expect(await later.commit(later.claimed.number, after)).toMatchObject({ kind: 'committed', number: 2 })
  expect(await earlier.commit(2, after)).toMatchObject({ kind: 'refused', reason: 'owner' })
})

test('only a commit upon the last one is taken', async () => {
  const { client, prefix, store } = await claimedShard()
  await store.commit(0, before)
  const untouched = await dumpAll(client, prefix)
  for (const number of [0, 2, -1, 1.5, Number.NaN]) {
    expect(await store.commit(number, after)).toEqual({ kind: 'refused', reason: 'number', found: '1' })
  }
  expect(await dumpAll(client, prefix)).toEqual(untouched)
  expect(await store.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 })
})

test('a commit whose answer was lost is sent again and applied once', async () => {
  const { client, prefix, store } = await claimedShard()
  await store.commit(0, before)
  await store.commit(1, after)
  const once = await dumpAll(client, prefix)
  expect(await store.commit(1, after)).toEqual({ kind: 'refused', reason: 'number', found: '2' })
  expect(await dumpAll(client, prefix)).toEqual(once)
})

test('of commits upon the same number one is taken', async () => {
  const { store } = await claimedShard()
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => store.commit(0, before)))
  expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
  expect(await store.counters()).toEqual(before.counters)
  expect(await store.outboxLength()).toBe(before.outbox.length)
})

test('a Redis that came back as it was earlier takes nothing that builds on what it forgot', async () => {
  const { client, prefix, store } = await claimedShard()
  await store.commit(0, before)
  const snapshot = new Map<string, Buffer>()
  for (const key of (await dumpAll(client, prefix)).keys()) snapshot.set(key, await client.dumpBuffer(key))
  await store.commit(1, after)
  for (const key of (await dumpAll(client, prefix)).keys()) await client.unlink(key)
  for (const [key, bytes] of snapshot) await client.restore(key, 0, bytes)
  expect(await store.commit(2, after)).toEqual({ kind: 'refused', reason: 'number', found: '1' })
  expect((await store.meta()).offsets).toEqual(new Map([['purchases', 10]]))
  expect(await store.commit(1, after)).toMatchObject({ kind: 'committed', number: 2 })
})

test('a Redis that lost the shard altogether refuses its owner', async () => {
  const { client, prefix, store } = await claimedShard()
  await store.commit(0, before)
  for (const key of (await dumpAll(client, prefix)).keys()) await client.unlink(key)
  expect(await store.commit(1, after)).toEqual({ kind: 'refused', reason: 'owner', found: '' })
  expect(await dumpAll(client, prefix)).toEqual(new Map())
})
