import { createDecoder } from '@holdfast/contracts'
import { expect, test } from 'vitest'
import { createEventSource, customerName, EVENT_BYTES, purchase } from './events.ts'

const decode = createDecoder({ base: 'EUR' })
const now = Date.UTC(2026, 10, 1, 12, 30)

test('every event weighs the same and is a valid one of the topic that it is for', () => {
  const next = createEventSource({ customers: 1_000, seed: 1 })
  const kinds = new Map<string, number>()
  for (let i = 0; i < 20_000; i++) {
    const { role, customerId, value } = next(now - 3_600_000)
    expect(Buffer.byteLength(value)).toBe(EVENT_BYTES)
    const decoded = decode(role, Buffer.from(value), now)
    if (decoded.kind !== 'event') throw new Error(`${value} is ${JSON.stringify(decoded)}`)
    expect(decoded.event).toMatchObject({ customerId, time: now - 3_600_000 })
    kinds.set(decoded.event.type, (kinds.get(decoded.event.type) ?? 0) + 1)
  }
  expect((kinds.get('purchase.completed') ?? 0) / 20_000).toBeCloseTo(0.8, 1)
  expect([...kinds.keys()].sort()).toEqual([
    'purchase.completed',
    'support.ticket_escalated',
    'support.ticket_opened',
    'support.ticket_resolved',
    'survey.responded',
  ])
})

test('the same seed tells the same story, another one another', () => {
  const tell = (seed: number) => {
    const next = createEventSource({ customers: 1_000, seed })
    return Array.from({ length: 50 }, () => next(now).customerId).join()
  }
  expect(tell(1)).toBe(tell(1))
  expect(tell(1)).not.toBe(tell(2))
})

test('ten events a customer reach nearly every customer, and ids never repeat', () => {
  const next = createEventSource({ customers: 2_000, seed: 1 })
  const customers = new Set<string>()
  const ids = new Set<string>()
  for (let i = 0; i < 20_000; i++) {
    const { customerId, value } = next(now)
    customers.add(customerId)
    ids.add(JSON.parse(value).id)
  }
  expect(customers.size).toBeGreaterThan(0.99 * 2_000)
  expect(customers.has(customerName(2_000))).toBe(false)
  expect(ids.size).toBe(20_000)
})

test('an event that does not fit is refused', () => {
  const long = 'x'.repeat(EVENT_BYTES)
  expect(() => purchase({ id: long, customerId: 'c', time: now, amountMinor: 1 })).toThrow('does not fit')
})
