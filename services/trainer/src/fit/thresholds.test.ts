import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseThreshold, measureThreshold } from './thresholds.ts'

/** 1,000 rows whose chance of churn rises with the logit from 0 to 1. */
const logits = Float32Array.from({ length: 1_000 }, (_, i) => i / 100 - 5)
const labels = Uint8Array.from({ length: 1_000 }, (_, i) => Number((i * 7919) % 1_000 < i))

test('precision: the lowest bound that keeps it, and what it does', () => {
  const found = chooseThreshold(logits, labels, { precision: 0.8 })
  expect(found.kept).toBe(true)
  expect(found.precision).toBeGreaterThanOrEqual(0.8)
  for (const logit of logits.filter((logit) => logit < found.logit)) {
    expect(measureThreshold(logits, labels, logit).precision).toBeLessThan(0.8)
  }
})

test('capacity: as many as may be, never more', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (capacity) => {
      const found = chooseThreshold(logits, labels, { capacity })
      expect(found.flagged).toBeLessThanOrEqual(capacity)
      expect(found.flagged).toBeGreaterThan(capacity - 0.0011)
    }),
  )
})

test('precision and capacity: whichever binds', () => {
  const many = chooseThreshold(logits, labels, { precision: 0.6, capacity: 0.1 })
  expect(many.logit).toBe(chooseThreshold(logits, labels, { capacity: 0.1 }).logit)
  const few = chooseThreshold(logits, labels, { precision: 0.6, capacity: 0.9 })
  expect(few.logit).toBe(chooseThreshold(logits, labels, { precision: 0.6 }).logit)
})

test('equal logits stay together', () => {
  const found = chooseThreshold([1, 1, 1, 0, 0], [1, 1, 1, 0, 0], { capacity: 0.7 })
  expect(found).toMatchObject({ logit: 1, flagged: 0.6, precision: 1, recall: 1 })
})

test('a precision that cannot be had falls back to the best there is, and says so', () => {
  const coin = Uint8Array.from({ length: 1_000 }, (_, i) => i % 2)
  const found = chooseThreshold(logits, coin, { precision: 0.9 })
  expect(found.kept).toBe(false)
  expect(found.precision).toBeCloseTo(0.5, 1)
})

test('a handful of lucky rows proves no precision', () => {
  const lucky = Uint8Array.from({ length: 1_000 }, (_, i) => Number(i >= 990))
  const found = chooseThreshold(logits, lucky, { precision: 1 })
  expect(found.kept).toBe(false)
  expect(found.flagged).toBe(0.05)
})

test('what is chosen is what is measured', () => {
  const found = chooseThreshold(logits, labels, { precision: 0.7 })
  const { flagged, precision, recall } = found
  expect(measureThreshold(logits, labels, found.logit)).toEqual({ flagged, precision, recall })
})
