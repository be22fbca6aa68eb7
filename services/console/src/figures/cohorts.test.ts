import { expect, test } from 'vitest'
import { cohortsOf } from './cohorts.ts'

const of = (counters: Record<string, number>) => cohortsOf(new Map(Object.entries(counters)), 'EUR')

test('a cohort has every month up to the newest, also over the turn of a year and without anybody', () => {
  const cohorts = of({
    'cohort:2026-01': 2,
    'active:2026-01:2026-01': 2,
    'cohort:2025-11': 4,
    'cohortSpendMinor:2025-11': 9_900,
    'active:2025-11:2025-11': 4,
    'active:2025-11:2026-01': 1,
    customers: 6,
  })
  expect(cohorts).toEqual([
    {
      cohort: '2025-11',
      customers: 4,
      spend: { amountMinor: 9_900, currency: 'EUR' },
      months: [
        { month: '2025-11', age: 0, active: 4, retention: 1 },
        { month: '2025-12', age: 1, active: 0, retention: 0 },
        { month: '2026-01', age: 2, active: 1, retention: 0.25 },
      ],
    },
    {
      cohort: '2026-01',
      customers: 2,
      spend: { amountMinor: 0, currency: 'EUR' },
      months: [{ month: '2026-01', age: 0, active: 2, retention: 1 }],
    },
  ])
})

test('a cohort that everybody has left by erasure is none, and an empty shop has none', () => {
  expect(of({ 'cohort:2025-11': 0, 'active:2025-11:2026-03': 0 })).toEqual([])
  expect(of({})).toEqual([])
})
