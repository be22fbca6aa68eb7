import type { CustomerWrite, ShardChange } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { packChange } from '../../../shared/platform/src/shard/change.ts'
import { commitScript } from '../../../shared/platform/src/shard/commit-script.ts'
import {
  after,
  before,
  change,
  claimedShard,
  customer,
  dumpAll,
  type ListedChange,
  scriptKeys,
  whyOf,
} from './fixture.ts'

/** A shard that holds something under each key, and a way to send it arguments that no store would send. */
async function filledShard() {
  const shard = await claimedShard()
  const { client, prefix, store } = shard
  await store.commit(0, before)
  const { token } = await store.meta()
  const untouched = await dumpAll(client, prefix)
  expect(untouched.size).toBe(Object.keys(scriptKeys(store)).length + 1)
  return {
    ...shard,
    run: (packed: readonly (Buffer | string)[]) => commitScript.run(client, scriptKeys(store), [token, 1, ...packed]),
    async expectUntouched() {
      expect(await dumpAll(client, prefix)).toEqual(untouched)
    },
    /** That nothing but the arguments was wrong. */
    async expectTakes(good: ShardChange) {
      expect(await store.commit(1, good)).toMatchObject({ kind: 'committed', number: 2 })
    },
  }
}

const packedParts = ['customers', 'profiles', 'counters', 'outbox'] as const

test.each(packedParts)('%s cut short at any byte but between two of them fail', async (name) => {
  const { run, expectUntouched, expectTakes } = await filledShard()
  const place = packedParts.indexOf(name)
  const packed = packChange(after)
  const whole = Buffer.from(packed[place]!)
  const ends = new Set([0, ...boundariesOf(name)])
  expect(Math.max(...ends)).toBe(whole.length)
  let failures = 0
  for (let length = 0; length < whole.length; length++) {
    if (ends.has(length)) continue
    const cut: (Buffer | string)[] = [...packed]
    cut[place] = whole.subarray(0, length)
    expect(await whyOf(run(cut)), `${name} cut at ${length}`).toMatch(/too short|cut short/)
    failures++
  }
  expect(failures).toBe(whole.length - ends.size + 1)
  await expectUntouched()
  await expectTakes(after)
})

/** Where one packed thing ends and the next begins. */
function boundariesOf(name: (typeof packedParts)[number]): number[] {
  const place = packedParts.indexOf(name)
  const upTo = (some: Partial<ListedChange>) => packChange(change(some))[place]!.length
  const { customers, profiles, counters, outbox } = after
  return {
    customers: customers.map((_, i) => upTo({ customers: customers.slice(0, i + 1) })),
    profiles: [...profiles].map((_, i) => upTo({ profiles: new Map([...profiles].slice(0, i + 1)) })),
    counters: [...counters].map((_, i) => upTo({ counters: new Map([...counters].slice(0, i + 1)) })),
    outbox: outbox.map((_, i) => upTo({ outbox: outbox.slice(0, i + 1) })),
  }[name]
}

test.each(packedParts)('%s that end in bytes of nothing fail', async (name) => {
  const { run, expectUntouched } = await filledShard()
  const place = packedParts.indexOf(name)
  for (const garbage of [Buffer.from([0]), Buffer.alloc(40, 0xff), Buffer.from('{"json":true}')]) {
    const longer = packChange(after)
    longer[place] = Buffer.concat([Buffer.from(longer[place]!), garbage])
    expect(await whyOf(run(longer)), garbage.toString('hex')).toMatch(/too short|cut short|finite/)
  }
  await expectUntouched()
})

test.each(packedParts)(
  '%s with a broken byte are another change in good order, or fail and touch nothing',
  async (name) => {
    const { client, prefix, store, run } = await filledShard()
    const place = packedParts.indexOf(name)
    const packed = packChange(after)
    let untouched = await dumpAll(client, prefix)
    let failures = 0
    for (let at = 0; at < packed[place]!.length; at++) {
      const broken = [...packed]
      const bytes = Buffer.from(packed[place]!)
      bytes[at] = ~bytes[at]!
      broken[place] = bytes
      const outcome = await run(broken).catch(() => 'failed' as const)
      if (outcome === 'failed') {
        failures++
        expect(await dumpAll(client, prefix), `byte ${at}`).toEqual(untouched)
      } else {
        expect(outcome).toMatchObject({ kind: 'committed', number: 2 })
        await client.hset(store.keys.meta, 'number', '1')
        untouched = await dumpAll(client, prefix)
      }
    }
    expect(failures).toBeGreaterThan(1)
  },
)

test.each([
  ['appointment', 0, 2],
  ['worklist', 1, 4],
  ['erased', 2, 2],
])('a customer whose %s is a code that nobody gives fails', async (_, at, code) => {
  const { run, expectUntouched } = await filledShard()
  const packed = packChange(after)
  const bytes = Buffer.from(packed[0]!)
  bytes[at] = code
  packed[0] = bytes
  expect(await whyOf(run(packed))).toMatch('a packed customer is none')
  await expectUntouched()
})

test('meta wants pairs', async () => {
  const { run, expectUntouched, expectTakes } = await filledShard()
  const packed = packChange(after)
  expect(await whyOf(run([...packed, 'field-without-value']))).toMatch('pairs of field and value')
  expect(await whyOf(run(packed.slice(0, -1)))).toMatch('pairs of field and value')
  await expectUntouched()
  await expectTakes(after)
})

test('arguments that are missing fail', async () => {
  const { run, expectUntouched } = await filledShard()
  for (let count = 0; count < packedParts.length; count++) await whyOf(run(packChange(after).slice(0, count)))
  await expectUntouched()
})

const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const broken: [string, number, Partial<CustomerWrite>][] = numbers.flatMap((value) => [
  ['an appointment', value, { due: value }],
  ['a priority', value, { worklist: 'at_risk', priority: value }],
  ['a priority', value, { worklist: 'lapsed', priority: value }],
])
test.each(broken)('%s at %d fails', async (what, _, more) => {
  const { store, expectUntouched, expectTakes } = await filledShard()
  const bad = change({ ...after, customers: [...after.customers, customer('bad', more)] })
  expect(await whyOf(store.commit(1, bad))).toMatch(`${what} is not a finite number`)
  await expectUntouched()
  await expectTakes(after)
})

test.each([...numbers, 0.5, 2 ** 53, -(2 ** 53), 1e300])('a counter that changes by %d fails', async (value) => {
  const { store, expectUntouched, expectTakes } = await filledShard()
  const bad = change({ ...after, counters: new Map([...after.counters, ['bad', value]]) })
  expect(await whyOf(store.commit(1, bad))).toMatch('counter')
  await expectUntouched()
  await expectTakes(after)
})

test('what no length can tell is refused before anything is sent', async () => {
  const { store, expectUntouched } = await filledShard()
  const long = Buffer.alloc(65_536)
  const id = 'i'.repeat(65_536)
  for (const bad of [
    change({ customers: [customer('c', { state: long })] }),
    change({ customers: [customer(id, {})] }),
    change({ profiles: new Map([[id, '{}']]) }),
    change({ counters: new Map([[id, 1]]) }),
  ]) {
    await expect(store.commit(1, bad)).rejects.toThrow('out of range')
  }
  await expectUntouched()
})
