import type { CustomerEvent } from '@holdfast/core'
import { anEvent, aPurchase } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Unfolded } from './unfolded.ts'

test('events are handed out customer by customer, each in the order in which it came', () => {
  const log = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
    .map((ids) => ids.map((customerId): CustomerEvent => aPurchase({ customerId }).event))
  fc.assert(
    fc.property(log, (events) => {
      const unfolded = new Unfolded()
      for (const event of events) unfolded.add(event)
      const customers = [...new Set(events.map(({ customerId }) => customerId))]
      expect(unfolded.customers).toEqual(customers)
      expect(unfolded.byCustomer()).toEqual(customers.map((id) => events.filter(({ customerId }) => customerId === id)))
      expect(unfolded.size).toBe(events.length)
    }),
  )
})

test('updates of profiles are told apart', () => {
  const unfolded = new Unfolded()
  const update = anEvent('profile.updated', { name: 'A' }, { customerId: 'a' }).event
  for (const event of [aPurchase({ customerId: 'a' }).event, update]) unfolded.add(event)
  expect(unfolded.profileUpdates).toEqual([update])
})
