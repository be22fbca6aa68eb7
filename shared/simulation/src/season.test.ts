import { expect, test } from 'vitest'
import { DAILY_RHYTHM, DAY_MS, HOUR_MS, rhythm, Season } from './season.ts'

const FACTORS = [0.5, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1.5, 1.5]

test('the integral equals a sum over days, across years and a leap day', () => {
  const season = new Season(FACTORS)
  const from = Date.UTC(2023, 10, 3)
  let sum = 0
  for (let day = 0; day < 500; day++) sum += FACTORS[new Date(from + day * DAY_MS).getUTCMonth()] ?? 0
  expect(season.days(from + 500 * DAY_MS) - season.days(from)).toBeCloseTo(sum, 9)
})

test('the factor changes at the first instant of a month', () => {
  const season = new Season(FACTORS)
  const march = Date.UTC(2024, 2, 1)
  expect(season.factor(march - 1)).toBe(0.5)
  expect(season.factor(march)).toBe(1)
  expect(season.nextChange(march - 1)).toBe(march)
  expect(season.nextChange(march)).toBe(Date.UTC(2024, 3, 1))
})

test('a day has the weight of a day, and the busy hours are those of the evening at home', () => {
  expect(DAILY_RHYTHM.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(24, 9)
  const evening = Date.UTC(2024, 5, 1, 20)
  expect(rhythm(evening, 0)).toBe(Math.max(...DAILY_RHYTHM))
  expect(rhythm(evening - 5.5 * HOUR_MS, 5.5 * HOUR_MS)).toBe(rhythm(evening, 0))
})
