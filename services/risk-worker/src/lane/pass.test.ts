import {
  type CustomerEvent,
  type CustomerState,
  decodeState,
  decodeStored,
  decodeTimeline,
  EMPTY_STATE,
  encodeState,
  fold,
  UNDECIDED,
} from '@holdfast/core'
import { anEvent, aPurchase } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { decide, type Hand } from './hand.ts'
import { beginPass, type Pass } from './pass.ts'
import { Unfolded } from './unfolded.ts'

const NOW = 9_000

/** A shard in memory, which notes what was asked of it. */
function shard(states: Readonly<Record<string, CustomerState>> = {}, profiles: Readonly<Record<string, string>> = {}) {
  const asked: { states: string[][]; profiles: string[][] } = { states: [], profiles: [] }
  const stored = new Map(Object.entries(states).map(([id, state]) => [id, Buffer.from(encodeState(state))]))
  const reader = {
    async states(ids: readonly string[]) {
      asked.states.push([...ids])
      return ids.map((id) => stored.get(id) ?? null)
    },
    async profiles(ids: readonly string[]) {
      asked.profiles.push([...ids])
      return ids.map((id) => (profiles[id] === undefined ? null : Buffer.from(profiles[id])))
    },
  }
  return {
    asked,
    /** Folds events, lets something be done with the customers, and stores what is written. */
    async written(
      events: readonly CustomerEvent[],
      ids: readonly string[] = [],
      act = (_: readonly Hand[]): void => {},
    ) {
      const unfolded = new Unfolded()
      for (const event of events) unfolded.add(event)
      const pass = await beginPass(unfolded, ids, { reader, timelineLength: 20 })
      for (let hands = pass.takeUp(2); hands.length > 0; hands = pass.takeUp(2)) {
        act(hands)
        pass.putDown(hands, NOW)
      }
      for (const { id, state } of pass.customers) stored.set(id, Buffer.from(state))
      return pass
    },
  }
}

const purchase = (customerId: string) => aPurchase({ customerId }).event
const updated = (customerId: string, fields: { email?: string; name?: string }, time?: number) =>
  anEvent('profile.updated', fields, { customerId, ...(time !== undefined && { time }) }).event
const erased = (customerId: string) => anEvent('customer.erased', {}, { customerId }).event
const hex = (state: CustomerState) => Buffer.from(encodeState(state)).toString('hex')
const idsOf = ({ customers }: Pass) => [...customers].map(({ id }) => id)

const writeOf = (pass: Pass, id: string) => [...pass.customers].find((write) => write.id === id)!
const stateOf = (pass: Pass, id: string) => decodeState(writeOf(pass, id).state)
const timelineOf = (pass: Pass, id: string) => decodeTimeline(decodeStored(writeOf(pass, id).state).timeline)

describe('states', () => {
  test('states are read in one go, each once, and events are folded in their order', async () => {
    const before = fold(EMPTY_STATE, purchase('a'))
    const { written, asked } = shard({ a: before })
    const log = [purchase('a'), purchase('b'), purchase('a'), purchase('c')]
    const of = (id: string) => log.filter(({ customerId }) => customerId === id)
    const pass = await written(log, ['b', 'd'])
    expect(asked.states).toEqual([['a', 'b', 'c', 'd']])
    expect(hex(stateOf(pass, 'a'))).toBe(hex(of('a').reduce(fold, before)))
    expect(hex(stateOf(pass, 'b'))).toBe(hex(of('b').reduce(fold, EMPTY_STATE)))
    expect(idsOf(pass)).toEqual(['a', 'b', 'c'])
  })

  test('a duplicate is counted, and writes nothing', async () => {
    const { written } = shard()
    const event = purchase('a')
    const pass = await written([event, event])
    expect(idsOf(pass)).toEqual(['a'])
    expect(timelineOf(pass, 'a')).toEqual([{ kind: 'purchase.completed', time: event.time, detail: 4_990 }])
    expect(pass.counts.purchases).toEqual({ folded: 1, duplicate: 1 })
    const again = await written([event])
    expect([idsOf(again), again.counts.purchases]).toEqual([[], { folded: 0, duplicate: 1 }])
    expect([...again.counters.values()].filter((change) => change !== 0)).toEqual([])
  })

  test('counters tell only the difference to what was written before', async () => {
    const [one, other] = [purchase('a'), purchase('a')]
    const { written } = shard()
    const [first, second] = [await written([one]), await written([other])]
    const both = new Map(first.counters)
    for (const [name, change] of second.counters) both.set(name, (both.get(name) ?? 0) + change)
    const whole = await shard().written([one, other])
    const sums = (counters: ReadonlyMap<string, number>) => [...counters].filter(([, n]) => n !== 0).sort()
    expect(sums(both)).toEqual(sums(whole.counters))
    expect(both.get('purchases')).toBe(2)
  })

  test('whom nobody looks at is due now; a look says when to look again, or never', async () => {
    const { written } = shard()
    expect([...(await written([purchase('a')])).customers]).toMatchObject([{ id: 'a', due: NOW, worklist: 'keep' }])
    for (const nextLook of [5_000, undefined]) {
      const pass = await written([], ['a'], ([hand]) =>
        decide(hand!, UNDECIDED, nextLook, { kind: 'band.healthy', time: 1, detail: 0.5 }),
      )
      expect([...pass.customers]).toMatchObject([{ id: 'a', due: nextLook, worklist: 'keep' }])
      expect(pass.looked).toBe(1)
    }
    expect([...(await written([purchase('a')])).customers]).toMatchObject([{ due: NOW, worklist: 'keep' }])
  })

  test('a place on a worklist is written when it moves, and kept where it stays', async () => {
    const { written } = shard()
    await written([purchase('a')])
    const steps = [
      ['healthy', 5, 'keep'],
      ['at_risk', 5, 'at_risk'],
      ['at_risk', 5, 'keep'],
      ['at_risk', 6, 'at_risk'],
      ['lapsed', 6, 'lapsed'],
      ['watch', 6, 'none'],
      ['healthy', 7, 'keep'],
    ] as const
    for (const [band, expectedLossMinor, worklist] of steps) {
      const pass = await written([], ['a'], ([hand]) =>
        decide(hand!, { ...UNDECIDED, band, expectedLossMinor }, 1, undefined),
      )
      expect([...pass.customers]).toMatchObject([{ worklist, priority: expectedLossMinor }])
    }
    const gone = await written([erased('a')])
    expect([...gone.customers]).toMatchObject([{ worklist: 'none', due: undefined }])
  })

  test('new lines come in front of the timeline that is stored; who is erased has none', async () => {
    const { written } = shard()
    await written([purchase('a')])
    const line = { kind: 'band.healthy', time: 1, detail: 0.5 } as const
    const pass = await written([purchase('a'), purchase('b')], [], (hands) => decide(hands[0]!, UNDECIDED, 1, line))
    expect(timelineOf(pass, 'a').map(({ kind }) => kind)).toEqual([
      'band.healthy',
      'purchase.completed',
      'purchase.completed',
    ])
    expect(timelineOf(pass, 'b').map(({ kind }) => kind)).toEqual(['purchase.completed'])
    expect(timelineOf(await written([purchase('a'), erased('a')]), 'a')).toEqual([])
  })

  test('who was only taken up is not written', async () => {
    const pass = await shard({ a: fold(EMPTY_STATE, purchase('a')) }).written([], ['a', 'b', 'a'])
    expect([idsOf(pass), pass.looked, pass.counters.size]).toEqual([[], 0, 0])
  })
})

describe('profiles', () => {
  const entryOf = ({ profiles }: Pass, id: string) => JSON.parse(profiles.get(id) ?? 'null')

  test('updates are laid over what is stored, field by field, the later one winning', async () => {
    const { written, asked } = shard({}, { a: JSON.stringify({ name: ['Old', 1, 1], email: ['kept@x', 1, 1] }) })
    const updates = [updated('a', { name: 'New' }, 2_000), updated('a', { name: 'Older' }, 1_000)]
    const pass = await written([...updates, purchase('b')])
    expect(asked.profiles).toEqual([['a']])
    expect(entryOf(pass, 'a')).toMatchObject({ name: ['New', 2_000, expect.any(Number)], email: ['kept@x', 1, 1] })
    expect([...pass.profiles.keys()]).toEqual(['a'])
  })

  test('of an erased customer none is kept, whichever of the two comes first, and whenever', async () => {
    const update = updated('a', { email: 'a@x' })
    for (const events of [
      [update, erased('a')],
      [erased('a'), update],
    ]) {
      const { written } = shard({}, { a: JSON.stringify({ name: ['Old', 1, 1] }) })
      const pass = await written(events)
      expect(pass.profiles.size).toBe(0)
      expect([...pass.customers]).toMatchObject([{ id: 'a', erased: true, due: undefined }])
      expect(stateOf(pass, 'a').erased).toBe(true)
      const late = await written([updated('a', { name: 'Late' })])
      expect([late.profiles.size, idsOf(late)]).toEqual([0, []])
    }
  })
})
