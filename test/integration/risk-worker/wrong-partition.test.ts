import { HEADERS } from '@holdfast/contracts'
import type { KafkaRecord } from '@holdfast/platform'
import { aPurchase, eventually, kcatProduce } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  customerOn,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from './support.ts'

showWorkersOfFailedTests()

/** Records without a key, on the wrong partition, in every compression: each reaches the customer's own shard exactly once. */

let shop: Installation
let worker: WorkerProcess

beforeAll(async () => {
  // The group gives the shards of a worker that was killed away after this time.
  shop = await install({ env: { KAFKA_SESSION_MS: '6000' } })
  worker = await shop.runWorker()
})

afterAll(async () => {
  await shop?.close()
})

const MIB = 1_048_576

/** More purchases of a customer than the ring of ids remembers: what is folded twice shows. */
function purchasesOf(customerId: string, count = 30): string[] {
  return Array.from({ length: count }, () => aPurchase({ customerId }).json)
}

function isCopy({ headers }: KafkaRecord): boolean {
  return headers[HEADERS.originTopic] !== undefined
}

async function isFoldedOnce(customerId: string, count: number): Promise<void> {
  await eventually(async () => (await shop.purchasesOf(customerId)) >= count, { timeoutMs: 30_000 })
  // A later event of the same partition is folded after all that came before it.
  const [last] = [customerOn(shop, shop.partitionOf(customerId))]
  await shop.send(aPurchase({ customerId: last }))
  await eventually(async () => (await shop.purchasesOf(last)) === 1)
  expect(await shop.purchasesOf(customerId)).toBe(count)
  expect(await shop.homesOf(customerId)).toEqual(count === 0 ? [] : [shop.partitionOf(customerId)])
}

describe('re-published to the customer’s own partition, where they are folded once', () => {
  test.each([
    ['on the wrong partition', (id: string) => Buffer.from(id)],
    ['without a key', () => null],
    ['with an empty key', () => Buffer.alloc(0)],
    ['with another key', () => Buffer.from('somebody else')],
  ])('%s', async (_what, keyOf) => {
    const customerId = customerOn(shop, 1)
    const values = purchasesOf(customerId)
    await shop.produce('purchases', ...values.map((value) => ({ key: keyOf(customerId), value, partition: 0 })))
    await isFoldedOnce(customerId, values.length)
  })

  test('without a key on the right partition', async () => {
    const customerId = customerOn(shop, 1)
    const values = purchasesOf(customerId)
    await shop.produce('purchases', ...values.map((value) => ({ key: null, value, partition: 1 })))
    await isFoldedOnce(customerId, values.length)
  })

  test('a body of 1 MiB without a key', async () => {
    const customerId = customerOn(shop, 1)
    const { json } = aPurchase({ customerId })
    const value = `${json.slice(0, -1)},"pad":"${'p'.repeat(MIB - json.length - 9)}"}`
    expect(Buffer.byteLength(value)).toBe(MIB)
    await shop.produce('purchases', { key: null, value, partition: 0 })
    await isFoldedOnce(customerId, 1)
  })

  test('one that is larger with its key and origin than its topic takes becomes a dead letter', async () => {
    const customerId = customerOn(shop, 1)
    const { json } = aPurchase({ customerId })
    const largest = 1_114_112
    const value = `${json.slice(0, -1)},"pad":"${'p'.repeat(largest - 90 - json.length - 9)}"}`
    await shop.produce('purchases', { key: null, value, partition: 0 })
    const letters = await shop.deadLetters()
    const letter = await eventually(() => letters().find((each) => each.value?.length === value.length))
    expect(letter.reason).toMatch(/too large .* under its key/)
    expect(letter).toMatchObject({ topic: shop.topics.purchases, partition: 0 })
    await isFoldedOnce(customerId, 0)
  })
})

test('copies that are sent again, as after a crash of the relay, are not folded again', async () => {
  const topic = shop.topics.purchases
  const customerId = customerOn(shop, 1)
  const values = purchasesOf(customerId)
  const seen = await shop.read('purchases')
  await shop.produce('purchases', ...values.map((value) => ({ key: null, value, partition: 0 })))
  await isFoldedOnce(customerId, values.length)
  const copies = await eventually(() => {
    const found = seen.filter((record) => isCopy(record) && record.key?.toString() === customerId)
    return found.length === values.length ? found : undefined
  })
  const taken = await metric(worker, 'holdfast_records_total', { topic, outcome: 'already_taken' })
  await shop.producer.sendBatch([
    {
      topic,
      messages: copies.map(({ key, value, headers }) => ({
        key,
        value,
        headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
      })),
    },
  ])
  await isFoldedOnce(customerId, values.length)
  expect(await metric(worker, 'holdfast_records_total', { topic, outcome: 'already_taken' })).toBe(
    taken + values.length,
  )
})

test('a worker that dies between the copy and its fold, and one that takes over', async () => {
  const customerId = customerOn(shop, 1)
  const values = purchasesOf(customerId, 2_000)
  const seen = await shop.read('purchases')
  await eventually(() => seen.length > 0)
  await shop.produce('purchases', ...values.map((value) => ({ key: null, value, partition: 0 })))
  await eventually(() => seen.some((record) => isCopy(record) && record.key?.toString() === customerId), { everyMs: 1 })
  worker.child.kill('SIGKILL')
  await worker.exited
  worker = await shop.runWorker()
  await isFoldedOnce(customerId, values.length)
})

test('dead letters of 1 MiB that wait together all leave, and what comes after them too', async () => {
  expect(await worker.stop()).toBe(0)
  const key = customerOn(shop, 0)
  const values = Array.from({ length: 6 }, (_, i) => Buffer.alloc(MIB - i, 'x'))
  for (const value of values) await shop.produce('purchases', { key, value })
  const [stranger] = [customerOn(shop, 1)]
  await shop.produce('purchases', { key: null, value: aPurchase({ customerId: stranger }).json, partition: 0 })
  worker = await shop.runWorker()
  const letters = await shop.deadLetters()
  await eventually(() => {
    const lengths = letters().map(({ value }) => value?.length)
    return values.every(({ length }) => lengths.includes(length))
  })
  await isFoldedOnce(stranger, 1)
  await eventually(async () => (await metric(worker, 'holdfast_outbox_entries')) === 0)
})

describe('another client’s batches', () => {
  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('kcat with %s', async (codec) => {
    const customers = [customerOn(shop, 0), customerOn(shop, 1)]
    const records = customers.flatMap((key) => purchasesOf(key, 20).map((value) => ({ key, value })))
    const topic = shop.topics.purchases
    const before = await metric(worker, 'holdfast_records_total', { topic, outcome: 'republished' })
    await kcatProduce(inject('kafkaBrokers'), topic, records, { codec })
    for (const customerId of customers) await isFoldedOnce(customerId, 20)
    // Its partitioner was told to do as Java's does, so every record lay where it belongs.
    expect(await metric(worker, 'holdfast_records_total', { topic, outcome: 'republished' })).toBe(before)
  })
})
