import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createValuation, predictedValue, VALUATION_ERROR, type ValueHistory, type ValueParameters } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })

const logUniform = (least: number, most: number) =>
  fc.double({ min: Math.log(least), max: Math.log(most), noNaN: true }).map(Math.exp)

/** Whatever a fit that may be stored can come to, edges included. */
const parameters: fc.Arbitrary<ValueParameters> = fc.record({
  buying: fc.record({
    r: logUniform(0.02, 50),
    alpha: logUniform(0.05, 1_000),
    a: logUniform(1e-5, 1e4),
    b: logUniform(0.01, 1e5),
  }),
  spending: fc.record({ p: logUniform(0.1, 100), q: logUniform(1.01, 100), gamma: logUniform(0.1, 1e4) }),
  horizon: fc.record({ weeks: fc.constantFrom(4, 365 / 7, 200), yearlyDiscount: fc.constantFrom(0, 0.1, 0.5) }),
})

const history: fc.Arbitrary<ValueHistory> = fc
  .record({
    repeats: fc.oneof(fc.nat(4), fc.nat(80), fc.nat(5_000)),
    moreDays: fc.oneof(fc.nat(40), fc.nat(20_000)),
    lastShare: fc.double({ min: 0, max: 1, noNaN: true }),
    meanAmount: fc.double({ min: 0, max: 1e5, noNaN: true }),
  })
  .map(({ repeats, moreDays, lastShare, meanAmount }) => ({
    // At most one a day.
    repeats,
    ageWeeks: (repeats + moreDays) / 7,
    lastWeeks: repeats === 0 ? 0 : (repeats + Math.floor(lastShare * moreDays)) / 7,
    spend: { purchases: repeats + 1, meanAmount },
  }))

test('says what the formulas say, within the stated error, whatever was fitted and whoever is asked about', () => {
  let worst = 0
  fc.assert(
    fc.property(parameters, fc.array(history, { minLength: 1, maxLength: 12 }), (fitted, histories) => {
      const valuation = createValuation(fitted)
      for (const one of histories) {
        const exact = predictedValue(fitted, one, fitted.horizon)
        const quick = valuation.predict(one)
        expect(Number.isFinite(exact)).toBe(true)
        if (exact > 1e-6) worst = Math.max(worst, Math.abs(quick / exact - 1))
        expect(Math.abs(quick - exact)).toBeLessThanOrEqual(VALUATION_ERROR * exact + 1e-9)
      }
    }),
    { numRuns: 400 },
  )
  // The bound is near what it bounds, not a blank cheque.
  expect(worst).toBeGreaterThan(VALUATION_ERROR / 1_000)
})

test('asked again, in another order, it says the same to the bit', () => {
  fc.assert(
    fc.property(parameters, fc.array(history, { minLength: 2, maxLength: 8 }), (fitted, histories) => {
      const first = createValuation(fitted)
      const second = createValuation(fitted)
      const said = histories.map((one) => first.predict(one))
      const backwards = [...histories].reverse().map((one) => second.predict(one))
      expect(backwards.reverse()).toEqual(said)
      expect(histories.map((one) => first.predict(one))).toEqual(said)
    }),
    { numRuns: 50 },
  )
})

test('a heavy buyer in a shop whose customers hardly leave is worth the average over how likely they do', () => {
  const buying = { r: 0.5, alpha: 8, a: 0.3, b: 1 }
  const [repeats, seen, weeks] = [120, 60, 30]
  const heavy: ValueHistory = { repeats, ageWeeks: seen - 8, lastWeeks: seen - 8, spend: undefined }
  // Over p = v^(1/a), so that the density p^(a - 1) has no pole at 0.
  const b = buying.b + repeats
  let [total, weight] = [0, 0]
  const steps = 400_000
  for (let i = 0; i < steps; i++) {
    const p = ((i + 0.5) / steps) ** (1 / buying.a)
    const density = (1 - p) ** (b - 1)
    weight += density
    total += (density * -Math.expm1(-(buying.r + repeats) * Math.log1p((p * weeks) / seen))) / p
  }
  const alive = 1 / (1 + buying.a / (buying.b + repeats - 1))
  const spending = { p: 2, q: 3, gamma: 4 }
  const value = predictedValue({ buying, spending }, heavy, { weeks, yearlyDiscount: 0 })
  expect(value / 4).toBeCloseTo((alive * total) / weight, 3)
})
