import { type CustomerState, counted, EMPTY_STATE, encodeState, fold, UNDECIDED } from '@holdfast/core'
import { anEvent, aPurchase } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { WorkingSet } from './working-set.ts'

/** A shard in memory that notes what was asked of it. */
function stored(states: Readonly<Record<string, CustomerState>> = {}, profiles: Readonly<Record<string, string>> = {}) {
  const asked: { states: string[][]; profiles: string[][] } = { states: [], profiles: [] }
  const reader = {
    async states(ids: readonly string[]) {
      asked.states.push([...ids])
      return ids.map((id) => (states[id] === undefined ? null : Buffer.from(encodeState(states[id]))))
    },
    async profiles(ids: readonly string[]) {
      asked.profiles.push([...ids])
      return ids.map((id) => (profiles[id] === undefined ? null : Buffer.from(profiles[id])))
    },
  }
  return { asked, reader, set: (capacity = 100) => new WorkingSet(reader, capacity) }
}

const purchase = (customerId: string) => aPurchase({ customerId }).event
const bought = (customerId: string) => fold(EMPTY_STATE, purchase(customerId))
const hex = (state: CustomerState) => Buffer.from(encodeState(state)).toString('hex')
const updated = (customerId: string, fields: { email?: string; name?: string }, time?: number) =>
  anEvent('profile.updated', fields, { customerId, ...(time !== undefined && { time }) }).event
const erased = (customerId: string) => anEvent('customer.erased', {}, { customerId }).event

describe('states', () => {
  test('what is missing is read in one go, and once', async () => {
    const { set: open, asked } = stored({ a: bought('a') })
    const set = open()
    await set.load(['a', 'b'])
    await set.load(['b', 'a'])
    expect(asked.states).toEqual([['a', 'b']])
    expect(set.state('a').purchases?.count).toBe(1)
    expect(set.state('b')).toEqual(EMPTY_STATE)
    expect([set.cached, set.touchedCount]).toEqual([2, 0])
  })

  test('a fold touches, a duplicate does not', async () => {
    const set = stored().set()
    await set.load(['a'])
    const event = purchase('a')
    expect([set.fold(event), set.fold(event)]).toEqual([true, false])
    const { touched, counters } = set.take()
    expect(touched).toMatchObject([{ id: 'a', before: counted(EMPTY_STATE), nextLook: 'unseen' }])
    expect(touched[0]!.timeline).toEqual([{ kind: 'purchase.completed', time: event.time, detail: 4_990 }])
    expect([...counters.values()].some((change) => change !== 0)).toBe(true)
  })

  test('what was taken counts as written: the next change starts from there, and counters tell only the difference', async () => {
    const set = stored().set()
    await set.load(['a'])
    set.fold(purchase('a'))
    const first = set.take()
    expect(set.take()).toMatchObject({ touched: [], profiles: new Map() })
    set.fold(purchase('a'))
    const second = set.take()
    expect(second.touched[0]!.before).toEqual(counted(bought('a')))
    const both = new Map(first.counters)
    for (const [name, change] of second.counters) both.set(name, (both.get(name) ?? 0) + change)
    const whole = stored().set()
    await whole.load(['a'])
    whole.fold(purchase('a'))
    whole.fold(purchase('a'))
    const sums = (counters: ReadonlyMap<string, number>) => [...counters].filter(([, n]) => n !== 0).sort()
    expect(sums(both)).toEqual(sums(whole.take().counters))
  })

  test('an event after a look makes the customer unseen again; a look without an appointment is never', async () => {
    const set = stored().set()
    await set.load(['a'])
    set.fold(purchase('a'))
    expect(set.unseen()).toEqual(['a'])
    set.look('a', UNDECIDED, 5_000, undefined)
    expect(set.unseen()).toEqual([])
    expect(set.take().touched).toMatchObject([{ nextLook: 5_000, before: counted(EMPTY_STATE) }])
    set.look('a', UNDECIDED, undefined, { kind: 'band.healthy', time: 1, detail: 0.5 })
    expect(set.take().touched).toMatchObject([{ nextLook: 'never' }])
    set.look('a', UNDECIDED, 5_000, undefined)
    set.fold(purchase('a'))
    expect(set.unseen()).toEqual(['a'])
    expect(set.take().touched).toMatchObject([{ nextLook: 'unseen' }])
  })

  test('states are folded in place, and what the counters saw before does not change with them', async () => {
    const before = bought('a')
    const set = stored({ a: before }).set()
    await set.load(['a', 'b'])
    const { time } = purchase('a')
    const log = ['a', 'b', 'a'].flatMap((customerId) => [
      purchase(customerId),
      anEvent('support.ticket_opened', { ticketId: 't' }, { customerId, time }).event,
    ])
    for (const event of log) set.fold(event)
    const of = (id: string) => log.filter(({ customerId }) => customerId === id)
    expect(hex(set.state('a'))).toBe(hex(of('a').reduce(fold, before)))
    expect(hex(set.state('b'))).toBe(hex(of('b').reduce(fold, EMPTY_STATE)))
    const { touched } = set.take()
    expect(touched.map(({ before }) => before)).toEqual([counted(before), counted(EMPTY_STATE)])
    set.look('a', UNDECIDED, 5_000, undefined)
    set.fold(purchase('a'))
    const [again] = set.take().touched
    expect(again!.before.plain).toEqual(counted(of('a').reduce(fold, before)).plain)
    expect(again!.before.decided).toBeUndefined()
  })

  test('trimming lets the longest held go, and never what is touched', async () => {
    const { set: open, asked } = stored()
    const set = open(2)
    await set.load(['a', 'b', 'c', 'd'])
    set.fold(purchase('a'))
    set.trim()
    expect(['a', 'b', 'c', 'd'].filter((id) => set.has(id))).toEqual(['a', 'd'])
    await set.load(['b'])
    expect(asked.states.at(-1)).toEqual(['b'])
  })

  test('with no room at all, what is touched is kept until it was taken', async () => {
    const set = stored().set(0)
    await set.load(['a'])
    set.fold(purchase('a'))
    set.trim()
    expect(set.state('a').purchases?.count).toBe(1)
    set.take()
    set.trim()
    expect(set.cached).toBe(0)
  })
})

describe('profiles', () => {
  const entryOf = (profiles: ReadonlyMap<string, string>, id: string) => JSON.parse(profiles.get(id) ?? 'null')

  test('updates are laid over what is stored, field by field, the later one winning', async () => {
    const { set: open, asked } = stored({}, { a: JSON.stringify({ name: ['Old', 1, 1], email: ['kept@x', 1, 1] }) })
    const set = open()
    await set.foldProfiles([
      updated('a', { name: 'New' }, 2_000),
      updated('a', { name: 'Older' }, 1_000),
      purchase('b'),
    ])
    expect(asked.profiles).toEqual([['a']])
    const { profiles } = set.take()
    expect(entryOf(profiles, 'a')).toMatchObject({ name: ['New', 2_000, expect.any(Number)], email: ['kept@x', 1, 1] })
    expect([...profiles.keys()]).toEqual(['a'])
  })

  test('an update while the last commit is still under way builds on what that commit writes', async () => {
    const { set: open, asked } = stored()
    const set = open()
    await set.foldProfiles([updated('a', { email: 'a@x' }, 1_000)])
    set.take()
    // Redis does not know the e-mail yet; asking it would lose it.
    await set.foldProfiles([updated('a', { name: 'A' }, 2_000)])
    expect(asked.profiles.flat()).toEqual(['a'])
    expect(entryOf(set.take().profiles, 'a')).toMatchObject({
      email: ['a@x', 1_000, expect.any(Number)],
      name: ['A', 2_000, expect.any(Number)],
    })
  })

  test('an erasure in a later batch of the same commit takes the profile of an earlier one along', async () => {
    const set = stored().set()
    await set.load(['a'])
    await set.foldProfiles([updated('a', { email: 'a@x' })])
    set.fold(erased('a'))
    expect(set.take().profiles.size).toBe(0)
  })

  test('of an erased customer none is kept, whichever of the two comes first', async () => {
    for (const events of [
      [updated('a', { email: 'a@x' }), erased('a')],
      [erased('a'), updated('a', { email: 'a@x' })],
    ]) {
      const set = stored({}, { a: JSON.stringify({ name: ['Old', 1, 1] }) }).set()
      await set.load(['a'])
      for (const event of events) set.fold(event)
      await set.foldProfiles(events)
      const { profiles, touched } = set.take()
      expect(profiles.size).toBe(0)
      expect(touched).toHaveLength(1)
      expect(set.state('a').erased).toBe(true)
    }
  })
})
