import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leastBetween, magnitudeAt, mostBetween, type Polyline, pointAt, polyline } from './polyline.ts'

const number = (least: number, most: number) => fc.integer({ min: 100 * least, max: 100 * most }).map((n) => n / 100)

const anyLine: fc.Arbitrary<Polyline> = fc.array(fc.tuple(number(0, 6), number(-2, 2)), { maxLength: 9 }).map((bends) =>
  polyline(
    bends.map(([knee]) => knee),
    bends.map(([, slope]) => slope),
  ),
)
const valueAt = (line: Polyline, x: number) => pointAt(line, x).value
const least = (line: Polyline, a: number, b: number) => leastBetween(line, pointAt(line, a), pointAt(line, b))
const most = (line: Polyline, a: number, b: number) => mostBetween(line, pointAt(line, a), pointAt(line, b))

test('no place between two others lies outside the least and the most, and somewhere both are met', () => {
  fc.assert(
    fc.property(anyLine, number(0, 7), number(0, 7), (line, a, b) => {
      const steps = Array.from({ length: 101 }, (_, i) => a + ((b - a) * i) / 100)
      const within = line.knees.filter((knee) => (knee - a) * (knee - b) < 0)
      const values = [...steps, b, ...within].map((x) => valueAt(line, x))
      expect(least(line, a, b)).toBeCloseTo(Math.min(...values), 9)
      expect(most(line, a, b)).toBeCloseTo(Math.max(...values), 9)
    }),
  )
})

test('a line bends at its knees, and its magnitude counts both directions', () => {
  const line = polyline([0, 2, 3], [1, -3, 3])
  expect([0, 1, 2, 3, 4].map((x) => valueAt(line, x))).toEqual([0, 1, 2, 0, 1])
  expect([least(line, 1, 4), most(line, 1, 4)]).toEqual([0, 2])
  expect(magnitudeAt(line, 4)).toBe(4 + 6 + 3)
})
