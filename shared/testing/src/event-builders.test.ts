import { expect, test } from 'vitest'
import { anEvent, aPurchase, aTicket } from './event-builders.ts'

test('a purchase is the same as CloudEvent and as what the fold takes', () => {
  const time = Date.UTC(2026, 4, 1, 12)
  const { key, json, event, role } = aPurchase({
    customerId: 'cust-9',
    amount: '12.34',
    time,
    recordedTime: time + 5_000,
  })
  expect(JSON.parse(json)).toMatchObject({ subject: 'cust-9', data: { amount: '12.34', currency: 'EUR' } })
  expect(event).toMatchObject({ customerId: 'cust-9', amountMinor: 1234, time, knownAt: time + 5_000 })
  expect([key, role]).toEqual(['cust-9', 'purchases'])
})

test('ids differ by themselves, and what cannot be is refused', () => {
  expect(aTicket().event.idHash).not.toBe(aTicket().event.idHash)
  expect(() => anEvent('survey.responded', { kind: 'nps', score: 11 })).toThrow('an NPS score')
})
