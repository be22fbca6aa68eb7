import { expect, test } from 'vitest'
import { chooseCutoffs } from './cutoffs.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 10, 14, 30)
const TODAY = Date.UTC(2026, 5, 10)
const live = { firstKnownAt: NOW - 800 * DAY, lastAt: NOW - 60_000, customers: 1_000 }
const request = { span: live, now: NOW, horizonDays: 90, mostRows: 200_000 }

test('the test window ends with the last whole day; training labels have ended before it, a month apart', () => {
  const { until, test: at, training } = chooseCutoffs(request)
  expect(until).toBe(TODAY)
  expect(at).toBe(TODAY - 90 * DAY)
  expect(training.at(-1)).toBe(at - 90 * DAY)
  const gaps = training.slice(1).map((cutoff, i) => (cutoff - training[i]!) / DAY)
  expect(new Set(gaps)).toEqual(new Set([30]))
  expect(training[0]).toBeGreaterThanOrEqual(live.firstKnownAt + 90 * DAY)
})

test('of a log that ended long ago, what is known ends with its last day', () => {
  const lastAt = Date.UTC(2010, 10, 30, 17)
  const span = { firstKnownAt: lastAt - 500 * DAY, lastAt, customers: 10 }
  expect(chooseCutoffs({ ...request, span }).until).toBe(Date.UTC(2010, 11, 1))
})

test('with more customers than rows there are fewer cutoffs, then a part of the customers', () => {
  const of = (customers: number) => chooseCutoffs({ ...request, span: { ...live, customers } })
  expect([of(1_000).training.length, of(1_000).oneIn]).toEqual([18, 1])
  expect([of(20_000).training.length, of(20_000).oneIn]).toEqual([10, 1])
  // Four: the newest, to choose the ridge on, and the first whose labels had ended by then.
  expect([of(300_000).training.length, of(300_000).oneIn]).toEqual([4, 6])
  expect(of(300_000).selection).toHaveLength(1)
})

test('the horizon is the champion’s; a log shorter than three of them and a warm-up says what is needed', () => {
  expect(chooseCutoffs({ ...request, horizonDays: 30 }).test).toBe(TODAY - 30 * DAY)
  const span = { ...live, firstKnownAt: NOW - 300 * DAY }
  expect(() => chooseCutoffs({ ...request, span })).toThrow(/the log spans 299 days; .* needs 360 at least/)
  expect(chooseCutoffs({ ...request, span, horizonDays: 60 }).training).toHaveLength(3)
})
