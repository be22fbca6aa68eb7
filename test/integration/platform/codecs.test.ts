import { connectProducer, registerCodecs } from '@holdfast/platform'
import { eventually, kcatProduce, makeTopics, stopAfterTest, testKafka } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'
import { collectRecords } from './collect.ts'

registerCodecs()
const brokers = inject('kafkaBrokers')

// Long enough that a codec makes several blocks of it, and varied enough that none compresses it to nothing.
const records = Array.from({ length: 400 }, (_, i) => ({
  key: `cust-${i}`,
  value: JSON.stringify({ i, text: `Größe ${(i * 2654435761) % 4294967296} `.repeat(40) }),
}))

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'batches that kcat packs with %s are read',
  async (codec) => {
    const [topic = ''] = await makeTopics(brokers, [codec], 2)
    const seen = await collectRecords(brokers, [topic])
    await kcatProduce(brokers, topic, records, { codec })
    await eventually(() => expect(seen).toHaveLength(records.length) ?? true)
    const values = new Map(seen.map(({ key, value }) => [String(key), String(value)]))
    for (const { key, value } of records) expect(values.get(key)).toBe(value)
  },
)

test.each(['gzip', 'snappy', 'lz4'] as const)(
  'what we pack with %s passes the broker and is read',
  async (compression) => {
    const [topic = ''] = await makeTopics(brokers, [compression], 1)
    const seen = await collectRecords(brokers, [topic])
    const producer = stopAfterTest(await connectProducer(testKafka(brokers), { compression }))
    await producer.sendBatch([{ topic, messages: records }])
    await eventually(() => expect(seen).toHaveLength(records.length) ?? true)
    expect(String(seen.at(-1)?.value)).toBe(records.at(-1)?.value)
  },
)
