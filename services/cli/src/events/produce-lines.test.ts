import { createDecoder, topicNames } from '@holdfast/contracts'
import type { TopicMessages } from '@holdfast/platform'
import { aPurchase, aTicket } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { createSender } from './outgoing.ts'
import { produceLines } from './produce-lines.ts'

async function produce(lines: string[], batchSize?: number) {
  const batches: TopicMessages[][] = []
  const bad: [number, string][] = []
  const producer = { sendBatch: async (batch: readonly TopicMessages[]) => void batches.push([...batch]) }
  const result = await produceLines(lines, {
    decode: createDecoder({ base: 'EUR' }),
    sender: createSender(producer, topicNames(), batchSize),
    now: Date.now,
    onBad: (line, reason) => void bad.push([line, reason]),
  })
  return { result, batches, bad }
}

test('events go to the topics of their types, keyed by customer, byte for byte', async () => {
  const purchase = aPurchase({ customerId: 'cust-1' })
  const ticket = aTicket({ customerId: 'cust-2' })
  const odd = purchase.json.replace('{', '{  ')
  const { result, batches } = await produce([purchase.json, '', ticket.json, odd])
  expect(result).toEqual({
    lines: 4,
    sent: 3,
    byType: { 'purchase.completed': 2, 'support.ticket_opened': 1 },
    bad: 0,
  })
  expect(batches).toEqual([
    [
      {
        topic: 'customer.purchases',
        messages: [
          { key: 'cust-1', value: Buffer.from(purchase.json) },
          { key: 'cust-1', value: Buffer.from(odd) },
        ],
      },
      { topic: 'customer.support', messages: [{ key: 'cust-2', value: Buffer.from(ticket.json) }] },
    ],
  ])
})

test('what is no good event is named and not sent', async () => {
  const good = aPurchase()
  const { result, batches, bad } = await produce([
    '{',
    '[]',
    '{"type":"purchase.imagined"}',
    good.json.replace('"EUR"', '"XYZ"'),
    good.json,
  ])
  expect(result).toMatchObject({ sent: 1, bad: 4 })
  expect(batches.flat().flatMap(({ messages }) => messages)).toHaveLength(1)
  expect(bad.map(([line]) => line)).toEqual([1, 2, 3, 4])
  expect(bad[0]?.[1]).toContain('not JSON')
  expect(bad[2]?.[1]).toContain('purchase.completed')
  expect(bad[3]?.[1]).toContain('XYZ has no rate')
})

test('many events travel in batches, none is left behind', async () => {
  const { batches } = await produce(
    Array.from({ length: 25 }, () => aPurchase().json),
    10,
  )
  expect(batches.map((batch) => batch.flatMap(({ messages }) => messages).length)).toEqual([10, 10, 5])
})
