import { arbitraryLog } from '@holdfast/core/oracle'
import { anEvent, aPurchase } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Unfolded } from './unfolded.ts'

test('events of all types are handed out as they came, customer by customer, each in the order in which it came', () => {
  const customer = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const log = arbitraryLog().chain((events) =>
    fc.tuple(...events.map((event) => customer.map((customerId) => ({ ...event, customerId })))),
  )
  fc.assert(
    fc.property(log, (events) => {
      const unfolded = new Unfolded()
      for (const event of events) unfolded.add(event)
      const customers = [...new Set(events.map(({ customerId }) => customerId))]
      const eventsOf = unfolded.byCustomer()
      expect(unfolded.customers).toEqual(customers)
      expect(customers.map((_, place) => eventsOf(place))).toStrictEqual(
        customers.map((id) => events.filter(({ customerId }) => customerId === id)),
      )
      expect(eventsOf(customers.length)).toEqual([])
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
