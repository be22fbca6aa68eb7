import { expect, test } from 'vitest'
import { populationStability, referenceOf } from './drift.ts'

const spread = Float64Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_000)

test('the same population has an index of 0, a moved one more, a foreign one a lot', () => {
  const reference = referenceOf(spread)
  expect(reference.bounds).toHaveLength(9)
  for (const share of reference.shares) expect(share).toBeCloseTo(0.1, 3)
  expect(populationStability(reference, spread)).toBeCloseTo(0, 12)
  const moved = populationStability(
    reference,
    spread.map((x) => x + 500),
  )
  expect(moved).toBeGreaterThan(0.01)
  expect(
    populationStability(
      reference,
      spread.map((x) => x + 5_000),
    ),
  ).toBeGreaterThan(10 * moved)
})

test('a flag, a constant and a new value in a constant', () => {
  const flags = Uint8Array.from({ length: 100 }, (_, i) => Number(i < 30))
  const reference = referenceOf(flags)
  expect(reference.bounds).toEqual([1])
  expect(reference.shares).toEqual([0.7, 0.3])
  // (0.5 - 0.7) ln(0.5 / 0.7) + (0.5 - 0.3) ln(0.5 / 0.3)
  expect(
    populationStability(
      reference,
      Uint8Array.from({ length: 100 }, (_, i) => i % 2),
    ),
  ).toBeCloseTo(0.16946, 4)
  const constant = referenceOf(new Float64Array(50))
  expect(constant).toEqual({ bounds: [], shares: [1] })
  expect(populationStability(constant, spread)).toBe(0)
})
