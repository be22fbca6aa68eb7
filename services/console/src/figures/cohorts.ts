import { moneySchema } from '@holdfast/contracts'
import { z } from 'zod'
import { type Sums, sumOf } from './sums.ts'

const month = z.string().regex(/^\d{4}-\d{2}$/)

/** Who bought for the first time in the same month, and how many of them bought again in each month since. */
export const cohortSchema = z.object({
  cohort: month.describe('Month of the first purchase, UTC.'),
  customers: z.int().min(0),
  spend: moneySchema.describe('Gross, of all their purchases.'),
  months: z
    .array(
      z.object({
        month,
        age: z.int().min(0).describe('Months since the first purchase.'),
        active: z.int().min(0).describe('Customers with a purchase in that month.'),
        retention: z.number().min(0).max(1).nullable().describe('Their share of the cohort.'),
      }),
    )
    .describe('Every month from the first purchase to the newest that the shop has seen, also those without anybody.'),
})
export type Cohort = z.output<typeof cohortSchema>

/**
 * The retention table, oldest cohort first. A customer's months are remembered for 64 months back from their newest purchase;
 * what is older counts as inactive.
 */
export function cohortsOf(sums: Sums, currency: string): Cohort[] {
  const cohorts = [...sums]
    .flatMap(([name, customers]) => (name.startsWith('cohort:') && customers > 0 ? [name.slice('cohort:'.length)] : []))
    .sort()
  const newest = [...sums]
    .flatMap(([name, active]) => (name.startsWith('active:') && active > 0 ? [name.split(':')[2] ?? ''] : []))
    .sort()
    .at(-1)
  return cohorts.map((cohort) => {
    const customers = sumOf(sums, `cohort:${cohort}`)
    const ages = Math.max(0, monthNumber(newest ?? cohort) - monthNumber(cohort)) + 1
    return {
      cohort,
      customers,
      spend: { amountMinor: sumOf(sums, `cohortSpendMinor:${cohort}`), currency },
      months: Array.from({ length: ages }, (_, age) => {
        const name = monthName(monthNumber(cohort) + age)
        const active = sumOf(sums, `active:${cohort}:${name}`)
        return { month: name, age, active, retention: customers === 0 ? null : Math.min(1, active / customers) }
      }),
    }
  })
}

function monthNumber(name: string): number {
  const [year, month] = name.split('-').map(Number)
  return (year ?? 0) * 12 + (month ?? 1) - 1
}

function monthName(number: number): string {
  const month = (number % 12) + 1
  return `${Math.floor(number / 12)}-${month < 10 ? '0' : ''}${month}`
}
