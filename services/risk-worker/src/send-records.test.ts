import { HEADERS } from '@holdfast/contracts'
import type { EventProducer, TopicMessages } from '@holdfast/platform'
import { describe, expect, test } from 'vitest'
import { type OutgoingRecord, sendRecords } from './send-records.ts'

const MIB = 1_048_576

/** A broker that takes batches of a topic up to a size, as Kafka does. */
function broker(limits: Readonly<Record<string, number>> = {}) {
  const requests: TopicMessages[][] = []
  const producer: EventProducer = {
    async sendBatch(batch) {
      for (const { topic, messages } of batch) {
        const bytes = messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
        if (bytes > (limits[topic] ?? MIB)) throw tooLarge()
      }
      requests.push(batch.map(({ topic, messages }) => ({ topic, messages: [...messages] })))
    },
    stop: async () => {},
  }
  const sent = (topic: string) =>
    requests.flatMap((batch) => batch.filter((part) => part.topic === topic).flatMap(({ messages }) => messages))
  return { producer, requests, sent }
}

/** As kafkajs throws it. */
function tooLarge(): Error {
  const cause = Object.assign(new Error('The request included a message larger than the max message size'), {
    type: 'MESSAGE_TOO_LARGE',
  })
  return new Error('gave up', { cause })
}

function record(
  topic: string,
  bytes: number,
  name = 'x',
  kind: OutgoingRecord['kind'] = 'risk-change',
): OutgoingRecord {
  return { kind, topic, message: { key: name, value: Buffer.alloc(bytes, name) } }
}

test('nothing to send is no request', async () => {
  const { producer, requests } = broker()
  await sendRecords(producer, [], 'dead')
  expect(requests).toEqual([])
})

test('what fits goes in one request, by topic, in its order', async () => {
  const { producer, requests } = broker()
  await sendRecords(producer, [record('a', 1, '1'), record('b', 1, '2'), record('a', 1, '3')], 'dead')
  expect(requests.map((batch) => batch.map(({ topic, messages }) => [topic, messages.map(({ key }) => key)]))).toEqual([
    [
      ['a', ['1', '3']],
      ['b', ['2']],
    ],
  ])
})

test('many small records go in several requests, still in their order', async () => {
  const { producer, requests, sent } = broker()
  const names = Array.from({ length: 500 }, (_, i) => String(i))
  await sendRecords(
    producer,
    names.map((name) => record('a', 1, name)),
    'dead',
  )
  expect(sent('a').map(({ key }) => key)).toEqual(names)
  expect(requests.map(([part]) => part?.messages.length)).toEqual([200, 200, 100])
})

test('what would be too much for a batch goes in several, still in its order', async () => {
  const { producer, requests, sent } = broker()
  const records = Array.from({ length: 100 }, (_, i) => record('a', 30_000, String(i)))
  await sendRecords(producer, records, 'dead')
  expect(requests.length).toBeGreaterThan(2)
  expect(requests.length).toBeLessThan(6)
  expect(sent('a').map(({ key }) => key)).toEqual(records.map(({ message }) => message.key))
})

describe('records too large for their topic', () => {
  test('a re-published one becomes a dead letter, and the others go on', async () => {
    const { producer, sent } = broker({ dead: 2 * MIB })
    const headers = { [HEADERS.originTopic]: 'a', [HEADERS.originOffset]: '5' }
    const large = record('a', MIB + 1, 'large', 'republish')
    const given = [record('a', 1, 'first', 'republish'), { ...large, message: { ...large.message, headers } }]
    await sendRecords(producer, [...given, record('a', 1, 'last', 'republish')], 'dead')
    expect(new Set(sent('a').map(({ key }) => key))).toEqual(new Set(['first', 'last']))
    expect(sent('dead').map(({ value }) => value === large.message.value)).toEqual([true])
    expect(sent('dead')[0]?.headers).toMatchObject(headers)
    expect(sent('dead')[0]!.headers?.[HEADERS.reason]).toMatch(/^too large .*max.message.bytes of a/)
  })

  test('any other is told: it is kept, not dropped', async () => {
    const { producer } = broker({ dead: 2 * MIB })
    await expect(sendRecords(producer, [record('a', MIB + 1)], 'dead')).rejects.toThrow('gave up')
  })
})

test('any other failure is told, and nothing after it is sent', async () => {
  const { requests } = broker()
  const producer: EventProducer = {
    async sendBatch(batch) {
      requests.push([...batch])
      throw new Error('no leader')
    },
    stop: async () => {},
  }
  const records = [record('a', MIB / 2), record('a', MIB / 2)]
  await expect(sendRecords(producer, records, 'dead')).rejects.toThrow('no leader')
  expect(requests).toHaveLength(1)
})
