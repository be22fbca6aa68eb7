import { manifestSchema } from '@holdfast/contracts'
import { PurchaseDays } from '@holdfast/core'
import { expect, test } from 'vitest'
import { mulberry32 } from '../report/bootstrap.ts'
import { type FittedCustomerValue, fitCustomerValue } from './value.ts'

const DAY = 86_400_000
const START = Date.UTC(2024, 0, 1)
const AT = START + 400 * DAY
const HORIZON = 90 * DAY

/** Customers drawn from the very models that are fitted: rates from Gamma(1, 5 weeks), a fifth leaves after a purchase. */
function drawn(customers: number): Map<string, PurchaseDays> {
  const random = mulberry32(7)
  const exponential = (mean: number) => -mean * Math.log(1 - random())
  const all = new Map<string, PurchaseDays>()
  for (let c = 0; c < customers; c++) {
    const days = new PurchaseDays()
    const gapDays = 35 / exponential(1)
    const usual = 1_000 + 9_000 * random()
    for (let day = 300 * random(); day < 520; day += exponential(gapDays)) {
      days.add(START + day * DAY, Math.round(usual * (0.5 + random())))
      if (random() < 0.2) break
    }
    all.set(`c${c}`, days)
  }
  return all
}

const request = (purchases: Map<string, PurchaseDays>, more = {}) => ({
  ...{ purchases, at: AT, knownUntil: AT + HORIZON, horizonMs: HORIZON },
  ...more,
})

test('what was fitted foretells, within a few per cent, what the same customers then bought and paid', () => {
  const fit = fitCustomerValue(request(drawn(4_000))) as FittedCustomerValue
  expect(manifestSchema.shape.value.safeParse(fit.value).success).toBe(true)
  expect(fit.value).toMatchObject({ horizonDays: 365, yearlyDiscount: 0.1, customers: 4_000 })
  const { purchases, amount, fromTopTenth } = fit.check!
  expect(purchases.came).toBeGreaterThan(1_000)
  expect(Math.abs(purchases.expected / purchases.came - 1)).toBeLessThan(0.08)
  expect(Math.abs(amount.expected / amount.came - 1)).toBeLessThan(0.1)
  expect(fromTopTenth).toBeGreaterThan(0.25)
})

test('nothing that came later has a say in the fit', () => {
  const purchases = drawn(300)
  const before = fitCustomerValue(request(purchases)) as FittedCustomerValue
  for (const days of purchases.values()) days.add(AT + 20 * DAY, 5_000_000)
  const after = fitCustomerValue(request(purchases)) as FittedCustomerValue
  expect(after.value).toEqual(before.value)
  expect(after.check!.amount.came).toBeGreaterThan(before.check!.amount.came)
})

test('a check needs purchases of the whole horizon', () => {
  const fit = fitCustomerValue(request(drawn(300), { knownUntil: AT + HORIZON - 1 })) as FittedCustomerValue
  expect(fit.value).toBeDefined()
  expect(fit.check).toBeUndefined()
})

test.each([
  ['nobody', new Map(), /^0 of 0 customers had bought again/],
  ['one-time buyers', [2, 90, 200], /^0 of 200 customers .* 30 are needed/],
  ['what is free', [0, 40, 60], /only 0 customers had paid/],
])('a log of %s yields none, and says why', (_what, of, why) => {
  let purchases: Map<string, PurchaseDays>
  if (of instanceof Map) purchases = of
  else {
    const [amount, days, customers] = of as [number, number, number]
    purchases = new Map(
      Array.from({ length: customers }, (_, c) => {
        const one = new PurchaseDays()
        one.add(START + (c % days) * DAY, amount)
        if (amount === 0) one.add(START + (c + 50) * DAY, amount)
        return [`c${c}`, one]
      }),
    )
  }
  expect(fitCustomerValue(request(purchases))).toEqual({ value: undefined, why: expect.stringMatching(why) })
})

test('a hundred times a hundred in every other customer: amounts too unlike yield none, and say so', () => {
  const random = mulberry32(5)
  const purchases = new Map(
    Array.from({ length: 300 }, (_, c) => {
      const days = new PurchaseDays()
      for (let n = 0; n < 2; n++) days.add(START + (c + 50 * n) * DAY, Math.ceil(10 ** (14 * random() - 4)))
      return [`c${c}`, days] as const
    }),
  )
  expect(fitCustomerValue(request(purchases))).toEqual({
    value: undefined,
    why: expect.stringMatching(/too unlike|converge/),
  })
})
