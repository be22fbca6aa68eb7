import { murmur2Partition } from '@holdfast/platform'
import { eventually, kcatProduce, makeTopics, testProducer } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'
import { collectRecords } from './collect.ts'

const brokers = inject('kafkaBrokers')

test('librdkafka with murmur2, our producer and murmur2Partition put a key on the same partition', async () => {
  const [topic = ''] = await makeTopics(brokers, ['partitioning'], 5)
  const keys = Array.from({ length: 200 }, (_, i) => `${'ñ漢😀'.slice(0, i % 4)}customer-${i}`)
  const seen = await collectRecords(brokers, [topic])
  await kcatProduce(
    brokers,
    topic,
    keys.map((key) => ({ key, value: 'kcat' })),
  )
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: keys.map((key) => ({ key, value: 'ours', headers: { origin: 'x' } })) }])

  await eventually(() => expect(seen).toHaveLength(2 * keys.length) ?? true)
  for (const { key, partition, value, headers } of seen) {
    expect(partition).toBe(murmur2Partition(key ?? Buffer.alloc(0), 5))
    if (String(value) === 'ours') expect(String(headers.origin)).toBe('x')
  }
  expect(new Set(seen.map(({ partition }) => partition)).size).toBe(5)
})
