import { expect, test } from 'vitest'
import { formatTable, isMissed, percentile, type Row } from './table.ts'

const row = (value: number, target?: Row['target']): Row => ({
  name: 'n',
  value,
  unit: 'ms',
  ...(target !== undefined && { target }),
})

test('a target is missed on the wrong side of it, and by what was not measured', () => {
  expect(isMissed(row(0.4, { atLeast: 0.4 }))).toBe(false)
  expect(isMissed(row(0.39, { atLeast: 0.4 }))).toBe(true)
  expect(isMissed(row(249.9, { below: 250 }))).toBe(false)
  expect(isMissed(row(250, { below: 250 }))).toBe(true)
  expect(isMissed(row(512, { atMost: 512 }))).toBe(false)
  expect(isMissed(row(513, { atMost: 512 }))).toBe(true)
  expect(isMissed(row(Number.NaN, { below: 250 }))).toBe(true)
  expect(isMissed(row(1e9))).toBe(false)
})

test('percentiles are those of the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  expect(percentile(hundred, 0.5)).toBe(50)
  expect(percentile(hundred, 0.99)).toBe(99)
  expect(percentile(hundred, 1)).toBe(100)
  expect(percentile([7], 0.01)).toBe(7)
  expect(percentile([], 0.5)).toBeNaN()
})

test('every row stands in the table with its unit, and a missed one is marked', () => {
  const text = formatTable([row(1_234, { below: 250 }), { ...row(0.456), digits: 2, unit: '×' }])
  expect(text).toMatch(/1,234 {2}ms.*✗ missed/)
  expect(text).toMatch(/0\.46 {2}×/)
})
