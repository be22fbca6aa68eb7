import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sayNothing, startKafka } from '@holdfast/local'
import { retry } from '@holdfast/platform'
import { eventually, makeTopics, testProducer } from '@holdfast/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startConsumer } from './collect.ts'

test('a broker that is killed and comes back costs a pause: the consumer goes on where the owner says', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-restart-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  let kafka = await startKafka({ dir, say: sayNothing })
  // Clean-ups run backwards, and the others need a broker.
  onTestFinished(() => kafka.stop())
  const { brokers } = kafka
  const port = Number(brokers[0]?.split(':')[1])
  const [topic = ''] = await makeTopics(brokers, ['restart'], 1)
  const producer = await testProducer(brokers)

  const values: string[] = []
  let next = 0
  const revoked: number[][] = []
  const fatal: Error[] = []
  const consumer = await startConsumer(brokers, [topic], {
    sessionTimeoutMs: 10_000,
    heartbeatMs: 500,
    onFatal: (error) => void fatal.push(error),
    onAssigned: async () => [{ topic, partition: 0, offset: next }],
    onRevoked: async (partitions) => void revoked.push([...partitions]),
    async onBatch({ records, lastOffset }) {
      values.push(...records.map(({ value }) => String(value)))
      next = lastOffset + 1
    },
  })
  await producer.sendBatch([{ topic, messages: [{ key: 'k', value: 'before' }] }])
  await eventually(() => values.length === 1)

  await kafka.kill()
  // The producer tries for some seconds by itself; whoever must not lose anything goes on.
  const sent = retry(() => producer.sendBatch([{ topic, messages: [{ key: 'k', value: 'meanwhile' }] }]), {
    attempts: 20,
  })
  kafka = await startKafka({ dir, port, say: sayNothing })
  await sent
  await eventually(() => values.includes('meanwhile'), { timeoutMs: 60_000 })
  await producer.sendBatch([{ topic, messages: [{ key: 'k', value: 'after' }] }])
  await eventually(() => values.includes('after'), { timeoutMs: 60_000 })
  expect(values.filter((value) => value === 'before')).toHaveLength(1)
  expect(values.filter((value) => value === 'after')).toHaveLength(1)
  expect(fatal).toEqual([])
  expect(consumer.assigned()).toEqual([0])
})
