import { anEvent, aPurchase, eventually, uniqueName } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  customerOn,
  type DeadLetter,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from './support.ts'

showWorkersOfFailedTests()

/**
 * What producers send by mistake, on purpose or by malice: each ends as documented, with a reason that a person can act on, and
 * the next good event is folded as if nothing had been.
 */

let shop: Installation
let worker: WorkerProcess
let deadLetters: () => readonly DeadLetter[]

beforeAll(async () => {
  shop = await install({ env: { CURRENCY_RATES: 'GBP=1.17' } })
  worker = await shop.runWorker()
  deadLetters = await shop.deadLetters()
})

afterAll(async () => {
  await shop?.close()
})

const MIB = 1_048_576
const now = () => new Date().toISOString()

function purchase(subject: string, changes: object = {}, data: object = {}) {
  return {
    specversion: '1.0',
    id: uniqueName('event'),
    source: '/test',
    type: 'purchase.completed',
    subject,
    time: now(),
    data: { orderId: uniqueName('order'), amount: '49.90', currency: 'EUR', ...data },
    ...changes,
  }
}

/** A good event of a new customer on the same topic and partition: it is folded, so nothing before it blocked the way. */
async function nextGoodEventIsFolded(partition = 0): Promise<void> {
  const customerId = customerOn(shop, partition)
  await shop.send(aPurchase({ customerId }))
  await eventually(async () => (await shop.purchasesOf(customerId)) === 1)
  expect(worker.child.exitCode).toBeNull()
}

async function deadLetterOf(value: Buffer | null): Promise<DeadLetter> {
  return eventually(() =>
    deadLetters().find((letter) => (value === null ? letter.value === null : letter.value?.equals(value))),
  )
}

type Bad = readonly [what: string, value: (customer: string) => Buffer | string, reason: string | RegExp]

const BAD: readonly Bad[] = [
  ['malformed JSON', (id) => `{"specversion":"1.0","subject":"${id}`, /^not JSON: /],
  ['bytes that are no UTF-8', () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'not UTF-8'],
  ['JSON that is no object', () => '[1,2,3]', 'expected a CloudEvent as a JSON object, got an array'],
  ['JSON nested without end', () => '['.repeat(500_000), /^not JSON: /],
  ['no type', (id) => JSON.stringify({ subject: id }), /^type: expected a text .* got nothing$/],
  [
    'a type of another topic',
    (id) => anEvent('engagement.visited', {}, { customerId: id }).json,
    /^type: .* belongs on .*engagement, not on .*purchases$/,
  ],
  [
    'an amount that is a number',
    (id) => JSON.stringify(purchase(id, {}, { amount: 49.9 })),
    'data.amount: expected a decimal string such as "49.90", got 49.9',
  ],
  [
    '1e999, which JSON makes Infinity',
    (id) => JSON.stringify(purchase(id, {}, { amount: 'X' })).replace('"X"', '1e999'),
    'data.amount: expected a decimal string such as "49.90", got Infinity',
  ],
  [
    '"NaN"',
    (id) => JSON.stringify(purchase(id, {}, { amount: 'NaN' })),
    'data.amount: expected a decimal string such as "49.90", got "NaN"',
  ],
  [
    'NaN as no JSON has it',
    (id) => JSON.stringify(purchase(id, {}, { amount: 'X' })).replace('"X"', 'NaN'),
    /^not JSON: /,
  ],
  ['"1e999"', (id) => JSON.stringify(purchase(id, {}, { amount: '1e999' })), /^data.amount: expected a decimal string/],
  [
    'a negative amount',
    (id) => JSON.stringify(purchase(id, {}, { amount: '-1' })),
    /^data.amount: expected a decimal string/,
  ],
  [
    'a huge amount',
    (id) => JSON.stringify(purchase(id, {}, { amount: '10000000000.00' })),
    'data.amount: 10000000000.00 EUR is not below 10^12 minor units',
  ],
  [
    'an amount of forty digits',
    (id) => JSON.stringify(purchase(id, {}, { amount: '9'.repeat(40), currency: 'GBP' })),
    /is not below 10\^12 minor units$/,
  ],
  [
    'an unknown currency',
    (id) => JSON.stringify(purchase(id, {}, { currency: 'XTS' })),
    'data.currency: XTS has no rate; configured: EUR, GBP',
  ],
  [
    'a date in year 0',
    (id) => JSON.stringify(purchase(id, { time: '0000-01-01T00:00:00Z' })),
    'time: 0000-01-01T00:00:00Z is before 1970',
  ],
  [
    'a date in year 9999',
    (id) => JSON.stringify(purchase(id, { time: '9999-12-31T23:59:59Z' })),
    /^time: 9999-12-31T23:59:59Z is dated in the future \(its record allows up to 2/,
  ],
  [
    'a date of ten digits a year',
    (id) => JSON.stringify(purchase(id, { time: '+275760-09-13T00:00:00Z' })),
    /^time: expected an RFC 3339 time/,
  ],
  [
    'a subject that is an object',
    () => JSON.stringify(purchase('x', { subject: { id: 1 } })),
    /^subject: expected a customer id .* got an object$/,
  ],
  [
    'a subject with half a surrogate pair',
    () => JSON.stringify(purchase('X')).replace('"X"', '"a\\ud800"'),
    /^subject: expected a customer id .* without lone surrogates/,
  ],
  [
    'an event id with half a surrogate pair',
    (id) => JSON.stringify(purchase(id, { id: 'X' })).replace('"X"', '"\\udc00"'),
    /^id: expected a text .* without lone surrogates/,
  ],
  [
    'a subject of 257 bytes',
    () => JSON.stringify(purchase('x'.repeat(257))),
    /^subject: expected a customer id of 1 to 256 UTF-8 bytes/,
  ],
  [
    'a subject of 129 characters in 258 bytes',
    () => JSON.stringify(purchase('é'.repeat(129))),
    /^subject: expected a customer id of 1 to 256 UTF-8 bytes/,
  ],
  ['a body of 1 MiB that is no JSON', () => Buffer.alloc(MIB, 'x'), /^not JSON: /],
  ['an event of 1 MiB with a wrong amount', (id) => padded(purchase(id, {}, { amount: 1 }), MIB), /^data.amount: /],
]

/** The event with a further field that makes it so many bytes long. */
function padded(event: object, bytes: number): string {
  const empty = JSON.stringify({ ...event, pad: '' })
  return JSON.stringify({ ...event, pad: 'p'.repeat(bytes - empty.length) })
}

describe('a dead letter with the bytes as they came, where from, and why', () => {
  test.each(BAD)('%s', async (_what, make, reason) => {
    const key = customerOn(shop, 0)
    const value = Buffer.from(make(key))
    await shop.produce('purchases', { key, value })
    await nextGoodEventIsFolded()
    const letter = await deadLetterOf(value)
    expect(letter).toMatchObject({ topic: shop.topics.purchases, partition: 0 })
    expect(letter.key?.toString()).toBe(key)
    expect(letter.reason).toMatch(reason)
    expect(letter.reason.length).toBeLessThan(300)
    expect(await shop.stateOf(key)).toBeUndefined()
  })

  test('an empty value and none at all are told apart', async () => {
    const empty = customerOn(shop, 0)
    const none = customerOn(shop, 0)
    await shop.produce('purchases', { key: empty, value: Buffer.alloc(0) }, { key: none, value: null })
    await nextGoodEventIsFolded()
    const of = (key: string) => eventually(() => deadLetters().find((letter) => letter.key?.toString() === key))
    expect(await of(empty)).toMatchObject({ reason: 'empty value', value: Buffer.alloc(0) })
    expect(await of(none)).toMatchObject({ reason: 'empty value', value: null })
  })

  test('each bad record is put aside once, and its origin says where it lay', async () => {
    const [bad, good] = [customerOn(shop, 1), customerOn(shop, 1)]
    await shop.produce('support', { key: good, value: '{}' }, { key: bad, value: 'no JSON' })
    const letter = await deadLetterOf(Buffer.from('no JSON'))
    expect(letter).toMatchObject({ topic: shop.topics.support, partition: 1, offset: 1 })
    await nextGoodEventIsFolded(1)
    expect(deadLetters().filter(({ value }) => value?.toString() === 'no JSON')).toHaveLength(1)
  })
})

describe('folded all the same', () => {
  test.each([
    ['right-to-left text', () => `${shop.prefix}-عميل-٤٢-\u202eabc`],
    ['emoji and combining marks', () => `${shop.prefix}-👩‍👩‍👧-e\u0301`],
    ['256 bytes', () => `${shop.prefix}-`.padEnd(256, 'x')],
    [
      '256 bytes in two-byte letters',
      () =>
        Buffer.byteLength(shop.prefix) % 2 === 0
          ? shop.prefix.concat('é'.repeat((256 - shop.prefix.length) / 2))
          : `${shop.prefix}-${'é'.repeat((255 - shop.prefix.length) / 2)}`,
    ],
    ['braces, colons and line feeds', () => `${shop.prefix}-{0}:a\n\u0000b`],
  ])('an id with %s', async (_what, make) => {
    const id = make()
    await shop.produce('purchases', { key: id, value: JSON.stringify(purchase(id)) })
    await eventually(async () => (await shop.purchasesOf(id)) === 1)
    expect(await shop.homesOf(id)).toEqual([shop.partitionOf(id)])
    await nextGoodEventIsFolded()
  })

  test('an event of 1 MiB', async () => {
    const id = customerOn(shop, 0)
    await shop.produce('purchases', { key: id, value: padded(purchase(id), MIB) })
    await eventually(async () => (await shop.purchasesOf(id)) === 1)
    await nextGoodEventIsFolded()
  })

  test('an amount of nothing, and one a cent below the limit', async () => {
    const id = customerOn(shop, 0)
    const orders = ['0', '9999999999.99'].map((amount) => JSON.stringify(purchase(id, {}, { amount })))
    await shop.produce('purchases', ...orders.map((value) => ({ key: id, value })))
    await eventually(async () => (await shop.purchasesOf(id)) === 2)
    expect((await shop.stateOf(id))?.purchases?.spendMinor).toBe(999_999_999_999)
    await nextGoodEventIsFolded()
  })
})

test('an unknown type is skipped and counted, and is no dead letter', async () => {
  const topic = shop.topics.engagement
  const before = await metric(worker, 'holdfast_records_total', { topic, outcome: 'unknown_type' })
  const [key, value] = [customerOn(shop, 0), JSON.stringify(purchase('c', { type: 'com.example.other' }))]
  await shop.produce('engagement', { key, value }, { key, value: JSON.stringify({ type: '' }) })
  await eventually(
    async () => (await metric(worker, 'holdfast_records_total', { topic, outcome: 'unknown_type' })) === before + 2,
  )
  await nextGoodEventIsFolded()
  expect(deadLetters().filter(({ topic: from }) => from === topic)).toEqual([])
})
