import { createDecoder, createMapper, HEADERS, parseEventMap } from '@holdfast/contracts'
import { expect, test } from 'vitest'
import { createBridge } from './bridge-record.ts'

const MAP = parseEventMap(`
bridge: { topics: [orders] }
source: /shop/orders
subject: "{customer.id}"
time: { column: "@timestamp", format: epoch-ms }
events:
  - when: { status: paid }
    type: purchase.completed
    id: "{@topic}-{@partition}-{@offset}"
    data: { orderId: "{id}", amount: { column: total, as: amount }, currency: EUR }
`)
const bridge = createBridge({
  map: createMapper(MAP, { mayLackColumns: true }),
  decode: createDecoder({ base: 'EUR' }),
})
const AT = Date.UTC(2026, 0, 1)
const record = (value: unknown, offset = 7) => ({
  topic: 'orders',
  partition: 3,
  offset,
  timestamp: AT,
  key: Buffer.from('o-1'),
  value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
})

test('a record becomes the same event however often it is read', () => {
  const order = { id: 'o-1', customer: { id: 'c-1' }, status: 'paid', total: 49.9 }
  const [first, second] = [bridge(record(order)), bridge(record(order))]
  expect(first).toEqual(second)
  expect(first.kind === 'events' && first.events.map(({ value }) => JSON.parse(String(value)))).toEqual([
    {
      specversion: '1.0',
      id: 'orders-3-7',
      source: '/shop/orders',
      type: 'purchase.completed',
      subject: 'c-1',
      time: '2026-01-01T00:00:00.000Z',
      data: { orderId: 'o-1', amount: '49.9', currency: 'EUR' },
    },
  ])
})

test('what the map does not ask for, and tombstones, are passed over', () => {
  expect(bridge(record({ id: 'o-1', customer: { id: 'c-1' }, status: 'cart' }))).toEqual({ kind: 'events', events: [] })
  expect(bridge(record(null))).toEqual({ kind: 'events', events: [] })
})

test.each([
  ['{', 'not JSON'],
  ['[1]', 'expected a JSON object'],
  [{ customer: { id: 'c-1' }, status: 'paid', total: 'much' }, 'amount'],
  [{ status: 'paid', total: 1 }, 'customer id'],
])('a bad record keeps its bytes and says why: %j', (value, reason) => {
  const bad = record(value)
  expect(bridge(bad)).toMatchObject({
    kind: 'dead_letter',
    reason: expect.stringContaining(reason),
    message: {
      key: bad.key,
      value: bad.value,
      headers: { [HEADERS.originTopic]: 'orders', [HEADERS.originPartition]: '3', [HEADERS.originOffset]: '7' },
    },
  })
})
