import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leastBetween, magnitudeAt, mostBetween, type Polyline, valueAt } from './polyline.ts'

const number = (least: number, most: number) => fc.integer({ min: 100 * least, max: 100 * most }).map((n) => n / 100)

const polyline: fc.Arbitrary<Polyline> = fc
  .array(fc.tuple(number(0, 6), number(-2, 2)), { maxLength: 9 })
  .map((bends) => ({ knees: bends.map(([knee]) => knee), slopes: bends.map(([, slope]) => slope) }))

test('no place between two others lies outside the least and the most, and somewhere both are met', () => {
  fc.assert(
    fc.property(polyline, number(0, 7), number(0, 7), (line, a, b) => {
      const steps = Array.from({ length: 101 }, (_, i) => a + ((b - a) * i) / 100)
      const within = line.knees.filter((knee) => (knee - a) * (knee - b) < 0)
      const values = [...steps, b, ...within].map((x) => valueAt(line, x))
      expect(leastBetween(line, a, b)).toBeCloseTo(Math.min(...values), 9)
      expect(mostBetween(line, a, b)).toBeCloseTo(Math.max(...values), 9)
    }),
  )
})

test('a line bends at its knees, and its magnitude counts both directions', () => {
  const line = { knees: [0, 2, 3], slopes: [1, -3, 3] }
  expect([0, 1, 2, 3, 4].map((x) => valueAt(line, x))).toEqual([0, 1, 2, 0, 1])
  expect([leastBetween(line, 1, 4), mostBetween(line, 1, 4)]).toEqual([0, 2])
  expect(magnitudeAt(line, 4)).toBe(4 + 6 + 3)
})
