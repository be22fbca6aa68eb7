import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PurchaseDays } from '../clv/purchase-days.ts'
import { createValuation } from '../clv/valuation.ts'
import type { CustomerEvent } from '../event.ts'
import { facts } from '../features/facts.ts'
import { fold } from '../fold/fold.ts'
import { type CustomerState, EMPTY_STATE, RECENT_PURCHASES } from '../state/customer-state.ts'
import { DAY_MS } from '../time.ts'
import { predictedValueMinor, valueHistory } from './value.ts'

const T0 = Date.UTC(2025, 0, 1)
const valuation = createValuation({
  buying: { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 },
  spending: { p: 6.25, q: 3.74, gamma: 15.44 },
  horizon: { weeks: 365 / 7, yearlyDiscount: 0.1 },
})

interface Sale {
  readonly day: number
  readonly amountMinor: number
}

let ids = 0
function stateOf(sales: readonly Sale[], refundedMinor = 0): CustomerState {
  const events = sales.map(({ day, amountMinor }): CustomerEvent => {
    const time = Math.round(T0 + day * DAY_MS)
    return { type: 'purchase.completed', customerId: 'c', time, knownAt: time, idHash: ++ids * 7_919, amountMinor }
  })
  const last = Math.max(...events.map(({ time }) => time))
  const back: CustomerEvent = {
    ...{ type: 'purchase.refunded', customerId: 'c', time: last, knownAt: last, idHash: ++ids * 7_919 },
    amountMinor: refundedMinor,
  }
  return [...events, ...(refundedMinor > 0 ? [back] : [])].reduce(fold, EMPTY_STATE)
}

const worth = (state: CustomerState, day: number) =>
  predictedValueMinor(facts(state, T0 + day * DAY_MS), valuation) / 100

const sales = (most: number) =>
  fc.array(fc.record({ day: fc.nat(300 * 1_440).map((minutes) => minutes / 1_440), amountMinor: fc.nat(100_000) }), {
    minLength: 1,
    maxLength: most,
  })

test('a state says of a customer what the days of all purchases say, as far as it remembers them', () => {
  fc.assert(
    fc.property(sales(RECENT_PURCHASES), fc.nat(400), (bought, later) => {
      const at = T0 + (300 + later) * DAY_MS
      const days = new PurchaseDays()
      for (const { day, amountMinor } of bought) days.add(Math.round(T0 + day * DAY_MS), amountMinor)
      const { repeats, lastWeeks, ageWeeks } = days.history(at)!
      const history = valueHistory(stateOf(bought), at)!
      expect(history).toMatchObject({ repeats, lastWeeks, ageWeeks })
      const amounts = days.amounts(at)
      expect(history.spend!.purchases).toBe(repeats + 1)
      expect(history.spend!.meanAmount).toBeCloseTo(amounts?.meanAmount ?? 0, 6)
    }),
  )
})

test('beyond what a state remembers, days are estimated: never more than purchases, never fewer than are known', () => {
  fc.assert(
    fc.property(sales(60), (bought) => {
      const newest = bought
        .map(({ day }) => day)
        .sort((a, b) => b - a)
        .slice(0, RECENT_PURCHASES)
      const known = new Set([...newest, Math.min(...bought.map(({ day }) => day))].map(Math.floor)).size
      const { repeats, lastWeeks } = valueHistory(stateOf(bought), T0 + 301 * DAY_MS)!
      expect(repeats + 1).toBeLessThanOrEqual(bought.length)
      expect(repeats + 1).toBeGreaterThanOrEqual(known)
      if (lastWeeks > 0) expect(repeats).toBeGreaterThan(0)
    }),
  )
  const daily = Array.from({ length: 40 }, (_, i) => ({ day: i, amountMinor: 1 }))
  expect(valueHistory(stateOf(daily), T0 + 50 * DAY_MS)!.repeats).toBe(39)
  const twiceADay = daily.flatMap((sale) => [sale, { ...sale, day: sale.day + 0.5 }])
  expect(valueHistory(stateOf(twiceADay), T0 + 50 * DAY_MS)!.repeats).toBe(39)
  const twiceEveryThirdDay = twiceADay.map((sale) => ({ ...sale, day: 3 * Math.floor(sale.day) + (sale.day % 1) }))
  expect(valueHistory(stateOf(twiceEveryThirdDay), T0 + 150 * DAY_MS)!.repeats).toBe(39)
})

test('at stake is what may still come: it fades with silence beyond the own pace, and with what was sent back', () => {
  const monthly = Array.from({ length: 6 }, (_, i) => ({ day: 30 * i, amountMinor: 5_000 }))
  const state = stateOf(monthly)
  const faded = [150, 190, 250, 350, 500].map((day) => worth(state, day))
  expect(faded).toEqual([...faded].sort((a, b) => b - a))
  expect(faded.at(-1)!).toBeLessThan(faded[0]! / 20)
  expect(worth(stateOf(monthly, 20_000), 150)).toBeLessThan(0.6 * worth(state, 150))
  expect(worth(stateOf([{ day: 150, amountMinor: 50_000 }]), 160)).toBeGreaterThan(
    5 * worth(stateOf([{ day: 150, amountMinor: 5_000 }]), 160),
  )
})

test('whoever never bought is worth nothing, and a model without valuation keeps to net spend at its own pace', () => {
  expect(worth(EMPTY_STATE, 10)).toBe(0)
  const state = stateOf([{ day: 0, amountMinor: 10_000 }], 2_000)
  expect(predictedValueMinor(facts(state, T0 + 275 * DAY_MS), undefined)).toBe(8_000)
  expect(predictedValueMinor(facts(EMPTY_STATE, T0), undefined)).toBe(0)
})
