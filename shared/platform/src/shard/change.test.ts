import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CustomerWrite,
  OUTBOX_KINDS,
  type OutboxEntry,
  packChange,
  packedCustomers,
  packedEntries,
  type ShardChange,
} from './change.ts'

const nothing: ShardChange = { customers: [], profiles: new Map(), counters: new Map(), outbox: [], meta: {} }
const hexOf = (change: Partial<ShardChange>, place: number) =>
  Buffer.from(packChange({ ...nothing, ...change })[place]!).toString('hex')

const customer: CustomerWrite = {
  id: 'ü',
  state: Uint8Array.of(0, 255),
  due: 1,
  worklist: 'at_risk',
  priority: -2,
  erased: false,
}
// Appointment 1 and priority -2 as IEEE 754 doubles, then id and state.
const rest = '3ff0000000000000c000000000000000' + '0002c3bc' + '000200ff'

test('a customer is three codes, two doubles and two measured texts', () => {
  expect(hexOf({ customers: [customer] }, 0)).toBe(`010200${rest}`)
  expect(hexOf({ customers: [{ ...customer, erased: true }] }, 0)).toBe(`010201${rest}`)
  expect(hexOf({ customers: [{ ...customer, due: undefined }] }, 0)).toBe(
    `000200${rest.replace('3ff0000000000000', '0000000000000000')}`,
  )
})

test.each([
  ['keep', '00'],
  ['none', '01'],
  ['at_risk', '02'],
  ['lapsed', '03'],
] as const)('worklist %s is the code %s', (worklist, code) => {
  expect(hexOf({ customers: [{ ...customer, worklist }] }, 0)).toBe(`01${code}00${rest}`)
})

test('an appointment at 0 is one', () => {
  expect(hexOf({ customers: [{ ...customer, due: 0 }] }, 0)).toMatch(/^010200/)
})

test('profiles, counters and the outbox are measured texts, one after the other', () => {
  const profiles = new Map([
    ['a', '{}'],
    ['🙂', '"é"'],
  ])
  expect(hexOf({ profiles }, 1)).toBe(`000161000000027b7d${'0004f09f99820000000422c3a922'}`)
  const counters = new Map([
    ['n', 1],
    ['still', 0],
    ['m', -1],
  ])
  expect(hexOf({ counters }, 2)).toBe(`3ff000000000000000016e${'bff000000000000000016d'}`)
  const outbox = [
    { kind: 'job', header: 'h', value: Buffer.of(0) },
    { kind: 'republish', header: '', value: Buffer.alloc(0) },
  ] as const
  expect(hexOf({ outbox }, 3)).toBe(`036a6f6200000001680000000100${'0972657075626c6973680000000000000000'}`)
})

test('a customer that no length can tell leaves the list as it was', () => {
  const list = packedCustomers([])
  list.add(customer)
  expect(() => list.add({ ...customer, state: new Uint8Array(65_536) })).toThrow(RangeError)
  list.add({ ...customer, id: 'b' })
  expect([list.length, ...[...list].map(({ id }) => id)]).toEqual([2, 'ü', 'b'])
})

test('fields of meta follow in pairs', () => {
  expect(packChange({ ...nothing, meta: { 'offset:a': '1', 'offset:b': '2' } }).slice(4)).toEqual([
    'offset:a',
    '1',
    'offset:b',
    '2',
  ])
  expect(packChange(nothing)).toEqual(Array(4).fill(Buffer.alloc(0)))
})

test('what no length can tell is refused, with the largest that can taken', () => {
  const state = new Uint8Array(65_535)
  expect(hexOf({ customers: [{ ...customer, state }] }, 0)).toHaveLength(2 * (3 + 16 + 4 + 2 + 65_535))
  const long = new Uint8Array(65_536)
  expect(() => packChange({ ...nothing, customers: [{ ...customer, state: long }] })).toThrow(RangeError)
  expect(() => packChange({ ...nothing, counters: new Map([['n'.repeat(65_536), 1]]) })).toThrow(RangeError)
})

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'binary', maxLength: 40 })
const someCustomers: fc.Arbitrary<CustomerWrite[]> = fc.array(
  fc.record({
    id: text,
    state: bytes,
    due: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
    worklist: fc.constantFrom('keep', 'none', 'at_risk', 'lapsed'),
    priority: fc.double({ noNaN: true }),
    erased: fc.boolean(),
  }),
)
const someEntries: fc.Arbitrary<OutboxEntry[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...OUTBOX_KINDS), header: text, value: bytes }),
)

test('what is packed as it comes reads as it was, and packs as a list does', () => {
  fc.assert(
    fc.property(someCustomers, someEntries, (customers, outbox) => {
      const packed = { ...nothing, customers: packedCustomers(customers), outbox: packedEntries(outbox) }
      expect([...packed.customers]).toEqual(customers)
      expect([...packed.outbox]).toEqual(outbox)
      expect([packed.customers.length, packed.outbox.length]).toEqual([customers.length, outbox.length])
      expect(packChange(packed)).toEqual(packChange({ ...nothing, customers, outbox }))
      expect(packedEntries(packed.outbox)).toBe(packed.outbox)
    }),
  )
})
