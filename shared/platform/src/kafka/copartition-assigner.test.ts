import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dealPartitions, type Member, requireEqualCounts } from './copartition-assigner.ts'

const members = fc
  .uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 4 }),
      owned: fc.array(fc.nat({ max: 20 }), { maxLength: 20 }),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 7 },
  )
  .map((list): Member[] => list)

test('every partition goes to exactly one member and shares differ by one at most', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 16 }), (list, count) => {
      const shares = [...dealPartitions(list, count).values()]
      expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
      const sizes = shares.map((share) => share.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      expect(shares).toHaveLength(list.length)
    }),
  )
})

test('the order in which members are listed does not matter', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 16 }), (list, count) => {
      expect(dealPartitions([...list].reverse(), count)).toEqual(dealPartitions(list, count))
    }),
  )
})

test('a settled group stays as it is, and a newcomer takes only its share', () => {
  const first = dealPartitions(
    [
      { id: 'b', owned: [] },
      { id: 'a', owned: [] },
    ],
    5,
  )
  const settled = [...first].map(([id, owned]) => ({ id, owned }))
  expect(dealPartitions(settled, 5)).toEqual(first)

  const withThird = dealPartitions([...settled, { id: '0-newcomer', owned: [] }], 5)
  const moved = settled.flatMap(({ id, owned }) => owned.filter((p) => !withThird.get(id)?.includes(p)))
  expect(moved).toHaveLength(withThird.get('0-newcomer')?.length ?? -1)
  expect(moved).toHaveLength(1)
})

test('one who leaves hands over and the others keep theirs', () => {
  const dealt = dealPartitions(
    [
      { id: 'a', owned: [1, 3] },
      { id: 'c', owned: [0] },
    ],
    4,
  )
  expect(dealt).toEqual(
    new Map([
      ['a', [1, 3]],
      ['c', [0, 2]],
    ]),
  )
})

test('topics of different counts are refused with names, counts and the way out', () => {
  expect(
    requireEqualCounts([
      { topic: 'a', count: 4 },
      { topic: 'b', count: 4 },
    ]),
  ).toBe(4)
  const refused = () =>
    requireEqualCounts([
      { topic: 'purchases', count: 4 },
      { topic: 'support', count: 3 },
    ])
  expect(refused).toThrow('purchases has 4, support has 3')
  expect(refused).toThrow(
    expect.objectContaining({ code: 'KAFKA_PARTITIONS_DIFFER', cure: expect.stringContaining('give support 4') }),
  )
})
