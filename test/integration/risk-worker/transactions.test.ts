import { aPurchase, eventually, testKafka, uniqueName } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { install, showWorkersOfFailedTests } from './support.ts'

showWorkersOfFailedTests()

test('the stored offset passes markers and aborted records, also when nothing comes after them', async () => {
  const shop = await install({ partitions: 1 })
  onTestFinished(() => shop.close())
  await shop.runWorker()
  const producer = testKafka(inject('kafkaBrokers')).producer({
    transactionalId: uniqueName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  const stored = async () => (await (await shop.shard(0)).meta()).offsets.get(shop.topics.purchases)
  const transact = async (end: 'commit' | 'abort') => {
    const event = aPurchase({ customerId: 'anna' })
    const transaction = await producer.transaction()
    await transaction.send({ topic: shop.topics.purchases, messages: [{ key: 'anna', value: JSON.stringify(event) }] })
    await transaction[end]()
  }
  // Each takes two offsets, one for its record and one for its marker.
  await transact('commit')
  await eventually(async () => expect(await stored()).toBe(2) ?? true)
  await transact('abort')
  await eventually(async () => expect(await stored()).toBe(4) ?? true)
})
