import { aPurchase, type BuiltEvent, eventually, testKafka } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { championOf, draftsOf, drained, expectTrue, partitionsOf, runRebuild, send, take } from './shop.ts'

/** What a rebuild makes of an installation that has lost something: all of Redis, or the beginning of the log. */

showWorkersOfFailedTests()

async function aShop(): Promise<Installation> {
  const shop = await install({ partitions: 2 })
  onTestFinished(() => shop.close())
  return shop
}

async function loseRedis({ client, prefix }: Installation): Promise<number> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client]
  const keys = (await Promise.all(nodes.map((node) => node.keys(`${prefix}:*`)))).flat()
  for (const key of keys) await client.unlink(key)
  return keys.length
}

test('after Redis was lost, with no worker running: all is folded anew, and the next worker goes on from there', async () => {
  const shop = await aShop()
  const model = await championOf()
  const first = await shop.runWorker()
  await send(shop, take(draftsOf(shop, 80), 2_000))
  await drained(shop)
  expect(await first.stop()).toBe(0)
  expect(await loseRedis(shop)).toBeGreaterThan(0)

  const { generation, records } = await runRebuild(shop)
  expect(records).toBeGreaterThan(2_000)
  for (const partition of partitionsOf(shop)) expect((await shop.shard(partition)).generation).toBe(generation)
  const second = await shop.runWorker()
  await drained(shop)
  const { customers } = await expectTrue(shop, model)
  expect(customers).toBeGreaterThan(40)
  expect(second.hasEnded()).toBe(false)
})

test('of a log whose beginning was deleted, a rebuild folds what is left, also where nothing is', async () => {
  const shop = await aShop()
  const worker = await shop.runWorker()
  const customerId = customerOn(shop, 0)
  const bought = (n: number): BuiltEvent[] =>
    Array.from({ length: n }, (_, i) => aPurchase({ customerId, time: Date.now() - (n - i) * 86_400_000 }))
  const gone = customerOn(shop, 1)
  await shop.send(...bought(3))
  await shop.send(aPurchase({ customerId: gone, time: Date.now() - 86_400_000 }))
  await eventually(async () => (await shop.purchasesOf(customerId)) === 3 && (await shop.purchasesOf(gone)) === 1)

  const admin = testKafka(inject('kafkaBrokers')).admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  const topic = shop.topics.purchases
  // Without it kafkajs does not know where the partitions are.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({
    topic,
    partitions: [
      { partition: 0, offset: '2' },
      { partition: 1, offset: '1' },
    ],
  })
  const { generation, records } = await runRebuild(shop)
  expect(records).toBe(1)
  expect((await shop.shard(0)).generation).toBe(generation)
  expect(await shop.purchasesOf(customerId)).toBe(1)
  expect(await shop.purchasesOf(gone)).toBe(0)

  // The worker finds its place in both: behind what was deleted.
  await shop.send(...bought(1), aPurchase({ customerId: gone, time: Date.now() - 1_000 }))
  await eventually(async () => (await shop.purchasesOf(customerId)) === 2 && (await shop.purchasesOf(gone)) === 1)
  expect(worker.hasEnded()).toBe(false)
})
