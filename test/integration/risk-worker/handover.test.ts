import { decodeState } from '@holdfast/core'
import { aPurchase, eventually, testKafka, uniqueName } from '@holdfast/testing'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import {
  customerOn,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from './support.ts'

showWorkersOfFailedTests()

/** Workers come and go, in the middle of a backlog too: what one has folded the next one builds on, and nothing is folded twice. */

const PARTITIONS = 4
const CUSTOMERS = 1_500
const EVENTS = 45_000

let shop: Installation
let worker: WorkerProcess

beforeAll(async () => {
  shop = await install({ partitions: PARTITIONS, env: { KAFKA_FETCH_BYTES: '65536', GATHER_EVENTS: '4000' } })
})

afterAll(async () => {
  await shop?.close()
})

async function storedOffsets(): Promise<number> {
  let sum = 0
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { offsets } = await (await shop.shard(partition)).meta()
    sum += offsets.get(shop.topics.purchases) ?? 0
  }
  return sum
}

async function purchasesInAllStates(): Promise<number> {
  let sum = 0
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for await (const page of (await shop.shard(partition)).eachState()) {
      for (const [, bytes] of page) sum += decodeState(bytes).purchases?.count ?? 0
    }
  }
  return sum
}

async function membersOfGroup(): Promise<number> {
  const admin = testKafka(inject('kafkaBrokers')).admin()
  onTestFinished(() => admin.disconnect())
  await admin.connect()
  const { groups } = await admin.describeGroups([shop.prefix])
  return groups[0]?.members.length ?? 0
}

async function sendBacklog(): Promise<void> {
  const customers = Array.from({ length: CUSTOMERS }, () => customerOn(shop))
  const time = new Date(Date.now() - 3_600_000).toISOString()
  for (let from = 0; from < EVENTS; from += 5_000) {
    const records = Array.from({ length: 5_000 }, (_, i) => {
      const subject = customers[(from + i) % CUSTOMERS]!
      const data = { orderId: 'o', amount: '1.00', currency: 'EUR' }
      const event = { specversion: '1.0', id: uniqueName('e'), source: '/s', type: 'purchase.completed', subject, time }
      return { key: subject, value: JSON.stringify({ ...event, data }) }
    })
    await shop.produce('purchases', ...records)
  }
}

test('SIGTERM in the middle of a backlog: what was folded is committed, the group is left, the exit code is 0', async () => {
  // Creates the topics.
  worker = await shop.runWorker()
  expect(await worker.stop()).toBe(0)
  await sendBacklog()

  worker = shop.startWorker()
  await eventually(async () => (await storedOffsets()) > 0, { timeoutMs: 60_000, everyMs: 2 })
  const askedAt = performance.now()
  expect(await worker.stop()).toBe(0)
  expect(performance.now() - askedAt).toBeLessThan(15_000)
  expect(worker.stderr()).toBe('')

  const stored = await storedOffsets()
  console.info(`stopped with ${stored} of ${EVENTS} events folded`)
  expect(stored).toBeGreaterThan(0)
  expect(stored).toBeLessThan(EVENTS)
  // Each event adds one purchase, so the states hold exactly what the offsets say.
  expect(await purchasesInAllStates()).toBe(stored)
  expect(await membersOfGroup()).toBe(0)
})

test('the next worker goes on from there, and all that was decided leaves the outbox', async () => {
  worker = await shop.runWorker()
  await eventually(async () => (await storedOffsets()) === EVENTS, { timeoutMs: 60_000 })
  expect(await purchasesInAllStates()).toBe(EVENTS)
  await eventually(async () => (await metric(worker, 'holdfast_outbox_entries')) === 0, { timeoutMs: 30_000 })
  // By either of the two: the first one had maybe read some partition to its end.
  const changes = await shop.read('riskChanges')
  await eventually(() => new Set(changes.map(({ key }) => String(key))).size === CUSTOMERS)
  expect(worker.log.filter(({ level }) => level === 'error')).toEqual([])
})

test('two workers share the partitions, and each takes over when the other goes', async () => {
  const second = await shop.runWorker()
  const owned = () => Promise.all([worker, second].map((each) => metric(each, 'holdfast_shards_owned')))
  await eventually(async () => expect(await owned()).toEqual([2, 2]) ?? true, { timeoutMs: 30_000 })
  const oneEach = async (): Promise<void> => {
    const customers = Array.from({ length: PARTITIONS }, (_, partition) => customerOn(shop, partition))
    await shop.send(...customers.map((customerId) => aPurchase({ customerId })))
    for (const customerId of customers) await eventually(async () => (await shop.purchasesOf(customerId)) === 1)
  }
  await oneEach()
  expect(await worker.stop()).toBe(0)
  await eventually(async () => (await metric(second, 'holdfast_shards_owned')) === PARTITIONS, { timeoutMs: 30_000 })
  await oneEach()
  expect(await purchasesInAllStates()).toBe(EVENTS + 2 * PARTITIONS)
  worker = second
})
