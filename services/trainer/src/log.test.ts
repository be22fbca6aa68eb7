import { createDecoder } from '@holdfast/contracts'
import { expect, test } from 'vitest'
import { decodeLog, type LogRecord } from './log.ts'

const decode = createDecoder({ base: 'EUR' })
const NOW = Date.UTC(2026, 0, 1)

const record = (event: object): LogRecord => ({
  role: 'purchases',
  value: Buffer.from(JSON.stringify(event)),
  recordTimeMs: NOW,
})
const purchase = (id: string, time: string, more: object = {}) => ({
  specversion: '1.0',
  id,
  source: '/shop/eu',
  type: 'purchase.completed',
  subject: 'cust-1',
  time,
  data: { orderId: id, amount: '10.00', currency: 'EUR' },
  ...more,
})

test('events come out in the order in which they became known, whatever order they were read in', async () => {
  const { events } = await decodeLog(
    [
      record(purchase('late', '2025-03-01T00:00:00Z', { recordedtime: '2025-06-01T00:00:00Z' })),
      record(purchase('second', '2025-05-01T00:00:00Z')),
      record(purchase('first', '2025-04-01T00:00:00Z')),
    ],
    decode,
  )
  expect(events.map(({ knownAt }) => new Date(knownAt).toISOString().slice(0, 7))).toEqual([
    '2025-04',
    '2025-05',
    '2025-06',
  ])
})

test('what is no event is counted, not learned from', async () => {
  const log = await decodeLog(
    [
      record(purchase('good', '2025-04-01T00:00:00Z')),
      record(purchase('strange', '2025-04-01T00:00:00Z', { type: 'parcel.lost' })),
      record(purchase('broken', 'yesterday')),
      { role: 'purchases', value: null, recordTimeMs: NOW },
    ],
    decode,
  )
  expect(log).toMatchObject({ skipped: 1, invalid: 2, learnedFrom: 'log' })
  expect(log.events).toHaveLength(1)
})

test('a log that is mostly a generated shop says so', async () => {
  const generated = (id: string) =>
    record(purchase(id, '2025-04-01T00:00:00Z', { source: 'urn:holdfast:generated-shop:7:orders' }))
  const real = record(purchase('x', '2025-04-01T00:00:00Z'))
  expect((await decodeLog([generated('a'), generated('b'), real], decode)).learnedFrom).toBe('generated-shop')
  expect((await decodeLog([generated('a'), real, real], decode)).learnedFrom).toBe('log')
})

test('an empty log is refused', async () => {
  await expect(decodeLog([{ role: 'purchases', value: null, recordTimeMs: NOW }], decode)).rejects.toMatchObject({
    code: 'too_little_data',
    message: expect.stringContaining('1 broken'),
  })
})
