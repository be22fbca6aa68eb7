import { aPurchase, eventually } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import {
  customerOn,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from './support.ts'

showWorkersOfFailedTests()

const EVENTS = 4_000
const CUSTOMERS = 20
/** A fetch that brings some dozens of events. */
const FETCH = { KAFKA_FETCH_BYTES: '16384' }

async function shopOfOneShard(): Promise<Installation> {
  const shop = await install({ partitions: 1, env: FETCH })
  onTestFinished(() => shop.close())
  return shop
}

/** Commits, and customers written by them, until all events are folded. */
async function writesOf(worker: WorkerProcess): Promise<{ commits: number; customers: number }> {
  await eventually(async () => (await metric(worker, 'holdfast_records_total', { outcome: 'folded' })) === EVENTS)
  return {
    commits: await metric(worker, 'holdfast_commit_seconds_count'),
    customers: await metric(worker, 'holdfast_commit_customers_sum'),
  }
}

test('behind on the log, many fetches are written together, and each customer once for all of them', async () => {
  const shop = await shopOfOneShard()
  // It makes the topics.
  expect(await (await shop.runWorker()).stop()).toBe(0)
  const customers = Array.from({ length: CUSTOMERS }, () => customerOn(shop, 0))
  const events = Array.from({ length: EVENTS }, (_, i) => aPurchase({ customerId: customers[i % CUSTOMERS]! }))
  for (let from = 0; from < EVENTS; from += 50) await shop.send(...events.slice(from, from + 50))

  const gathering = await shop.runWorker()
  const gathered = await writesOf(gathering)
  for (const id of customers) expect(await shop.purchasesOf(id)).toBe(EVENTS / CUSTOMERS)
  expect(await gathering.stop()).toBe(0)

  // The same log into other keys, where nothing may wait for more.
  const other = `${shop.prefix}-hasty`
  const hasty = await shop.runWorker({ GATHER_EVENTS: '1', KEY_PREFIX: other, KAFKA_GROUP: other })
  const written = await writesOf(hasty)
  expect(written.commits).toBeGreaterThan(5 * gathered.commits)
  expect(written.customers).toBeGreaterThan(5 * gathered.customers)
  expect(await hasty.stop()).toBe(0)
})

test('a state that cannot be read ends the worker, and no commit passes over the events that it was read for', async () => {
  const shop = await shopOfOneShard()
  const customerId = customerOn(shop, 0)
  const { keys } = await shop.shard(0)
  const worker = await shop.runWorker()
  await shop.client.hset(keys.state, customerId, Buffer.from([255, 1, 2]))
  await shop.send(aPurchase({ customerId }))
  expect(await worker.exited).not.toBe(0)
  expect(worker.stderr() + JSON.stringify(worker.log)).toContain('state has layout version 255')

  await shop.client.hdel(keys.state, customerId)
  const next = await shop.runWorker()
  await eventually(async () => (await shop.purchasesOf(customerId)) === 1)
  expect(await next.stop()).toBe(0)
})
