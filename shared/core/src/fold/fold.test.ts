import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { CustomerEvent } from '../event.ts'
import { arbitraryBuyer, arbitraryLog, permuted, repeated } from '../oracle/arbitrary-log.ts'
import { naiveState } from '../oracle/naive-state.ts'
import { sameFolded } from '../oracle/same-folded.ts'
import { type CustomerState, draftOf, EMPTY_STATE, ERASED_STATE, newestEventAt } from '../state/customer-state.ts'
import { decodeState, encodeState } from '../state/layout.ts'
import { fold, foldInto } from './fold.ts'

vi.setConfig({ testTimeout: 60_000 })

const RUNS = { numRuns: 250 }

/** Bytes as a text, which compares faster than an array and reads better in a failure. */
const hex = (state: CustomerState): string => Buffer.from(encodeState(state)).toString('hex')

const foldAll = (log: readonly CustomerEvent[], from: CustomerState = EMPTY_STATE): CustomerState =>
  log.reduce(fold, from)

const erasure = (time: number): CustomerEvent => ({
  type: 'customer.erased',
  customerId: 'cust-1',
  time,
  knownAt: time,
  idHash: 2 ** 48 - 1,
})

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}

test('the fold equals the naive recompute over the whole log', () => {
  fc.assert(
    fc.property(arbitraryLog(60), (log) => {
      expect(sameFolded(foldAll(log), naiveState(log))).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test('a long history of one kind equals it too', () => {
  fc.assert(
    fc.property(arbitraryLog(400), (log) => {
      expect(sameFolded(foldAll(log), naiveState(log))).toBeUndefined()
    }),
    { numRuns: 60 },
  )
})

test('any order of a log gives the same folded half', () => {
  const ordered = arbitraryLog().chain((log) => fc.tuple(fc.constant(log), permuted(log)))
  fc.assert(
    fc.property(ordered, ([log, other]) => {
      expect(sameFolded(foldAll(log), foldAll(other))).toBeUndefined()
    }),
    RUNS,
  )
})

test('what a producer sends again within reach changes nothing, in any order, and not one bit', () => {
  const sentAgain = arbitraryLog()
    .chain(permuted)
    .chain((log) => fc.tuple(fc.constant(log), repeated(log)))
  fc.assert(
    fc.property(sentAgain, ([log, withRepeats]) => {
      expect(hex(foldAll(withRepeats))).toBe(hex(foldAll(log)))
      expect(sameFolded(foldAll(withRepeats), naiveState(withRepeats))).toBeUndefined()
    }),
    RUNS,
  )
})

test('a duplicate gives back the same object; the ring reaches eight ids of the role and no further', () => {
  const sale = (idHash: number): CustomerEvent => ({
    type: 'purchase.completed',
    customerId: 'cust-1',
    time: 1_000,
    knownAt: 1_000,
    idHash,
    amountMinor: 5,
  })
  const eight = foldAll([1, 2, 3, 4, 5, 6, 7, 8].map(sale))
  expect(fold(eight, sale(1))).toBe(eight)
  expect(fold(fold(eight, sale(9)), sale(1)).purchases?.count).toBe(10)
  // The same id on another topic is another event.
  expect(fold(eight, { ...sale(1), type: 'engagement.visited' }).engagement?.visits).toBe(1)
})

test('stopping anywhere and going on from bytes gives the bytes of the uninterrupted fold', () => {
  const cut = arbitraryLog().chain((log) => fc.tuple(fc.constant(log), fc.nat(log.length)))
  fc.assert(
    fc.property(cut, ([log, at]) => {
      const resumed = foldAll(log.slice(at), decodeState(encodeState(foldAll(log.slice(0, at)))))
      expect(hex(resumed)).toBe(hex(foldAll(log)))
    }),
    RUNS,
  )
})

test('resuming from bytes after every single event, too', () => {
  fc.assert(
    fc.property(arbitraryLog(), (log) => {
      const hopping = log.reduce<CustomerState>((s, e) => decodeState(encodeState(fold(s, e))), EMPTY_STATE)
      expect(hex(hopping)).toBe(hex(foldAll(log)))
    }),
    { numRuns: 150 },
  )
})

test('folded into one draft, a log gives the same bytes, and the base of the draft does not change', () => {
  const cut = arbitraryLog().chain((log) => fc.tuple(fc.constant(log), fc.nat(log.length)))
  fc.assert(
    fc.property(cut, ([log, at]) => {
      const base = frozen(foldAll(log.slice(0, at)))
      const draft = draftOf(base)
      const changed = log.slice(at).map((event) => foldInto(draft, event, base))
      expect(hex(draft)).toBe(hex(foldAll(log)))
      expect(changed.includes(true)).toBe(hex(draft) !== hex(base))
    }),
    RUNS,
  )
})

test('erased is absorbing, in whatever order, and leaves nothing', () => {
  const erased = arbitraryLog().chain((log) => permuted([...log, erasure(Date.UTC(2020, 0, 1))]))
  fc.assert(
    fc.property(erased, (log) => {
      expect(foldAll(log)).toStrictEqual(ERASED_STATE)
      expect(sameFolded(foldAll(log), naiveState(log))).toBeUndefined()
    }),
    RUNS,
  )
  expect(hex(foldAll([erasure(1)]))).toBe(hex(ERASED_STATE))
})

test('no event changes the state it is folded into', () => {
  fc.assert(
    fc.property(arbitraryLog(), (log) => {
      let state = frozen(EMPTY_STATE)
      for (const event of log) state = frozen(fold(state, frozen(event)))
      expect(sameFolded(state, naiveState(log))).toBeUndefined()
    }),
    RUNS,
  )
})

test('a fold shares every group that its event does not touch', () => {
  const buyer = arbitraryBuyer().chain((log) => fc.tuple(fc.constant(log.slice(0, -1)), fc.constant(log.at(-1)!)))
  fc.assert(
    fc.property(buyer, ([log, sale]) => {
      const before = foldAll(log)
      const after = fold(before, sale)
      for (const key of ['reversals', 'support', 'surveys', 'engagement', 'social', 'contract', 'consent'] as const) {
        expect(after[key]).toBe(before[key])
      }
      expect(after.purchases).not.toBe(before.purchases)
    }),
    { numRuns: 100 },
  )
})

test('the newest event that can move a feature is neither an action nor a word on consent', () => {
  fc.assert(
    fc.property(arbitraryLog(), (log) => {
      const moving = log.filter((e) => !/^(action|consent|profile)\./.test(e.type))
      expect(newestEventAt(foldAll(log))).toBe(Math.max(-1, ...moving.map((e) => e.time)))
    }),
    RUNS,
  )
})
