import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { auc, aucStandardError, averagePrecision, brier, calibrationError, logLoss, reliability } from './index.ts'

const scored = fc.array(fc.record({ score: fc.integer({ min: -5, max: 5 }), label: fc.integer({ min: 0, max: 1 }) }), {
  minLength: 2,
  maxLength: 60,
})

describe('auc', () => {
  test('is the share of pairs in the right order, ties counting half', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const positives = rows.filter(({ label }) => label === 1)
        const negatives = rows.filter(({ label }) => label === 0)
        fc.pre(positives.length > 0 && negatives.length > 0)
        let wins = 0
        for (const p of positives) for (const n of negatives) wins += (Math.sign(p.score - n.score) + 1) / 2
        const area = auc(
          rows.map(({ score }) => score),
          rows.map(({ label }) => label),
        )
        expect(area).toBeCloseTo(wins / (positives.length * negatives.length), 12)
      }),
    )
  })

  test('is 1 for a perfect order, 0 for its reverse, a half for no order', () => {
    expect(auc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1)
    expect(auc([4, 3, 2, 1], [0, 0, 1, 1])).toBe(0)
    expect(auc([7, 7, 7, 7], [0, 1, 0, 1])).toBe(0.5)
  })

  test('is NaN when there is only one class, and refuses lengths that differ', () => {
    expect(auc([1, 2], [1, 1])).toBeNaN()
    expect(() => auc([1], [1, 0])).toThrow(/1 scores do not go with 2 labels/)
  })

  test('varies from sample to sample as its standard error says', () => {
    // Scores of both classes exponential, the case in which the approximation is exact; the area is then 3 / 4.
    const uniform = generator(11)
    const areas = Array.from({ length: 400 }, () => {
      const scores = Array.from({ length: 150 }, (_, i) => -Math.log(1 - uniform()) * (i < 50 ? 3 : 1))
      return auc(
        scores,
        scores.map((_, i) => Number(i < 50)),
      )
    })
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length
    const deviation = Math.sqrt(areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / areas.length)
    expect(mean).toBeCloseTo(0.75, 2)
    expect(Math.abs(deviation / aucStandardError(0.75, 50, 100) - 1)).toBeLessThan(0.1)
  })
})

test('average precision of a textbook ranking', () => {
  expect(averagePrecision([5, 4, 3, 2, 1], [1, 0, 1, 0, 1])).toBeCloseTo((1 + 2 / 3 + 3 / 5) / 3, 12)
  expect(averagePrecision([1, 1, 1, 1], [1, 0, 0, 0])).toBeCloseTo(0.25, 12)
})

test('log loss and Brier score', () => {
  expect(logLoss([0.9, 0.2], [1, 0])).toBeCloseTo(-(Math.log(0.9) + Math.log(0.8)) / 2, 12)
  expect(brier([0.9, 0.2], [1, 0])).toBeCloseTo((0.01 + 0.04) / 2, 12)
  expect(logLoss([0, 1], [1, 0])).toBeLessThan(20)
})

test('the base rate has the least log loss of all constants', () => {
  fc.assert(
    fc.property(scored, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (rows, other) => {
      const labels = rows.map(({ label }) => label)
      const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length
      const constant = (p: number) => labels.map(() => p)
      expect(logLoss(constant(rate), labels)).toBeLessThanOrEqual(logLoss(constant(other), labels) + 1e-5)
    }),
  )
})

test('a reliability table puts every row in one bin, probability 1 in the last', () => {
  const table = reliability([0, 0.05, 0.15, 0.99, 1], [0, 1, 0, 1, 1])
  expect(table.map(({ from, rows }) => [from, rows])).toEqual([
    [0, 2],
    [0.1, 1],
    [0.9, 2],
  ])
  expect(table[0]).toMatchObject({ predicted: 0.025, observed: 0.5 })
  expect(calibrationError(table)).toBeCloseTo((2 * 0.475 + 1 * 0.15 + 2 * 0.005) / 5, 12)
})

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
