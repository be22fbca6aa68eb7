import { HEADERS, topicNames } from '@holdfast/contracts'
import type { TopicMessages } from '@holdfast/platform'
import { expect, test } from 'vitest'
import type { LoggedRecord } from '../log/read-log.ts'
import { countReasons, deadLetterJson, deadLetterOf, oneLine } from './dead-letter.ts'
import { replay } from './replay.ts'

function record(reason: string, offset: number, topic = 'customer.purchases'): LoggedRecord {
  return {
    topic: 'churn.dead-letters',
    partition: 0,
    offset: offset + 100,
    timestamp: 5_000,
    key: Buffer.from('cust-1'),
    value: Buffer.from([0xff, 0x00]),
    headers: {
      [HEADERS.reason]: reason,
      [HEADERS.originTopic]: topic,
      [HEADERS.originPartition]: '2',
      [HEADERS.originOffset]: String(offset),
      [HEADERS.originTimestamp]: String(1_000 + offset),
    },
  }
}

test('a dead letter is named by where it stood first', () => {
  expect(deadLetterJson(deadLetterOf(record('empty value', 7)))).toEqual({
    reason: 'empty value',
    origin: 'customer.purchases/2/7',
    topic: 'customer.purchases',
    timestamp: '1970-01-01T00:00:01.007Z',
    key: 'cust-1',
    value: 'base64:/wA=',
  })
  const foreign = deadLetterOf({ ...record('', 1), headers: {} })
  expect(foreign).toMatchObject({ reason: 'no reason given', origin: 'churn.dead-letters/0/101' })
})

test('reasons are counted by kind, whatever the single record held', () => {
  const letters = [
    'data.amount: expected a decimal, got "x"',
    'data.amount: expected a decimal, got {"a":1}',
    'not JSON: Unexpected token } in JSON at position 5',
    'not JSON: Unexpected end',
    'not JSON: again',
  ].map((reason, i) => deadLetterOf(record(reason, i)))
  expect(countReasons(letters)).toEqual([
    ['not JSON', 3],
    ['data.amount: expected a decimal', 2],
  ])
})

test('replay sends key and bytes back to their topic, oldest first, as new records; what came from elsewhere stays', async () => {
  const sent: TopicMessages[] = []
  const producer = { sendBatch: async (batch: readonly TopicMessages[]) => void sent.push(...batch) }
  const letters = [record('x', 9), record('x', 3), record('x', 4, 'somewhere.else')].map(deadLetterOf)
  expect(await replay(producer, topicNames(), letters)).toBe(2)
  const [first, ...others] = sent.filter(({ messages }) => messages.length > 0)
  expect(others).toEqual([])
  expect(first?.topic).toBe('customer.purchases')
  expect(first?.messages).toEqual([
    { key: Buffer.from('cust-1'), value: Buffer.from([0xff, 0x00]) },
    { key: Buffer.from('cust-1'), value: Buffer.from([0xff, 0x00]) },
  ])
})

test('a long text is cut to one line', () => {
  expect(oneLine('a\n  b', 10)).toBe('a b')
  expect(oneLine('abcdef', 4)).toBe('abc…')
})
