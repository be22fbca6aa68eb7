import { describe, expect, test } from 'vitest'
import { DAY_MS } from '../time.ts'
import {
  type BgNbd,
  type BuyingHistory,
  bgNbdLogLikelihood,
  discountedPurchases,
  expectedAmount,
  expectedPurchases,
  fitBgNbd,
  fitGammaGamma,
  gammaGammaLogLikelihood,
  historicalValue,
  PurchaseDays,
  predictedValue,
  probabilityAlive,
  probabilityOfSilence,
} from './index.ts'
import { hypergeometric2F1, logBeta, logGamma } from './special.ts'

const MODEL: BgNbd = { r: 1.7, alpha: 6, a: 1.8, b: 2.9 }
const HISTORIES: readonly BuyingHistory[] = [
  { repeats: 0, lastWeeks: 0, ageWeeks: 30 },
  { repeats: 1, lastWeeks: 3, ageWeeks: 30 },
  { repeats: 4, lastWeeks: 28, ageWeeks: 30 },
  { repeats: 9, lastWeeks: 12, ageWeeks: 40 },
]
const WEEKS = 13

describe('special functions at known values', () => {
  test.each([
    [1, 0],
    [0.5, Math.log(Math.sqrt(Math.PI))],
    [5, Math.log(24)],
    [0.1, 2.252712651734206],
    [101, 363.7393755555635],
  ])('ln Γ(%d)', (x, expected) => expect(logGamma(x)).toBeCloseTo(expected, 11))

  test('B(2, 3) = 1/12', () => expect(Math.exp(logBeta(2, 3))).toBeCloseTo(1 / 12, 13))

  test('₂F₁(1, 1; 2; z) = -ln(1 - z)/z, ₂F₁(a, b; b; z) = (1 - z)^-a, also close to 1', () => {
    for (const z of [0.1, 0.5, 0.99, 0.9999]) {
      expect(hypergeometric2F1(1, 1, 2, z)).toBeCloseTo(-Math.log1p(-z) / z, 9)
      expect(hypergeometric2F1(0.3, 1.5, 1.5, z)).toBeCloseTo((1 - z) ** -0.3, 8)
    }
  })
})

describe('BG/NBD against integration over rate and dropout', () => {
  test.each(HISTORIES)('%o', (history) => {
    const likelihood = integrate(MODEL, history, () => 1)
    const alive = integrate(MODEL, history, () => 1, 'alive') / likelihood
    const expected = integrate(MODEL, history, (rate, p) => (1 - Math.exp(-rate * p * WEEKS)) / p, 'alive') / likelihood
    const buys = integrate(MODEL, history, (rate) => 1 - Math.exp(-rate * WEEKS), 'alive') / likelihood
    expect(bgNbdLogLikelihood(MODEL, [history])).toBeCloseTo(Math.log(likelihood), 4)
    expect(probabilityAlive(MODEL, history)).toBeCloseTo(alive, 5)
    expect(expectedPurchases(MODEL, history, WEEKS)).toBeCloseTo(expected, 4)
    expect(probabilityOfSilence(MODEL, history, WEEKS)).toBeCloseTo(1 - buys, 5)
  })

  test('the formula of expected purchases has no hole at a = 1', () => {
    const at = (a: number) => expectedPurchases({ ...MODEL, a }, HISTORIES[2]!, WEEKS)
    expect(at(1)).toBeCloseTo((at(0.99) + at(1.01)) / 2, 3)
    const newcomer = { r: 1, alpha: 5, a: 0.4, b: 0.6 }
    expect(expectedPurchases(newcomer, HISTORIES[0]!, WEEKS)).toBeGreaterThan(0)
  })

  test('where everybody leaves alike, expected purchases stay smooth and finite', () => {
    const history = HISTORIES[2]!
    const at = (scale: number) =>
      expectedPurchases({ r: 1.7, alpha: 6, a: 0.4 * scale, b: 0.6 * scale }, history, WEEKS)
    // Either side of where the average takes over from the formula.
    expect(at(55.9)).toBeCloseTo(at(56.1), 3)
    // With one p for all: P(alive) times what a rate yields until the dropout.
    const p = 0.4
    const gone = p / (1 - p)
    const alive = 1 / (1 + gone * ((6 + 30) / (6 + 28)) ** 5.7)
    expect(at(1e6)).toBeCloseTo((alive * (1 - (1 + (p * WEEKS) / 36) ** -5.7)) / p, 4)
  })

  test('a likelihood at its maximum: a fit to histories with their exact likelihood', () => {
    const histories = HISTORIES.flatMap((history, i) => Array<BuyingHistory>(40 - 9 * i).fill(history))
    const fit = fitBgNbd(histories)
    expect(fit.logLikelihood).toBeCloseTo(bgNbdLogLikelihood(fit, histories), 8)
    for (const key of ['r', 'alpha', 'a', 'b'] as const) {
      for (const factor of [0.99, 1.01]) {
        const moved = bgNbdLogLikelihood({ ...fit, [key]: fit[key] * factor }, histories)
        expect(moved).toBeLessThanOrEqual(fit.logLikelihood + 1e-9)
      }
    }
  })
})

describe('gamma-gamma', () => {
  const model = { p: 3, q: 4, gamma: 20 }

  test('likelihood against integration over the rate of amounts', () => {
    const [n, mean] = [5, 17]
    const density = (rate: number) =>
      Math.exp(
        model.p * n * Math.log(n * rate) -
          logGamma(model.p * n) +
          (model.p * n - 1) * Math.log(mean) -
          n * rate * mean +
          model.q * Math.log(model.gamma) -
          logGamma(model.q) +
          (model.q - 1) * Math.log(rate) -
          model.gamma * rate,
      )
    const likelihood = simpson(density, 1e-9, 3, 4_000)
    expect(gammaGammaLogLikelihood(model, [{ purchases: n, meanAmount: mean }])).toBeCloseTo(Math.log(likelihood), 7)
  })

  test('the expected amount lies between the own mean and everybody’s, nearer to the own the more it is proven', () => {
    const everybody = expectedAmount(model)
    expect(everybody).toBe(20)
    const few = expectedAmount(model, { purchases: 1, meanAmount: 50 })
    const many = expectedAmount(model, { purchases: 50, meanAmount: 50 })
    expect(few).toBeGreaterThan(everybody)
    expect(many).toBeGreaterThan(few)
    expect(many).toBeLessThan(50)
  })

  test('a fit finds no neighbour that is likelier', () => {
    const histories = [4, 9, 12, 13, 25, 31, 60, 14, 18, 22].map((meanAmount, i) => ({
      purchases: 1 + (i % 4),
      meanAmount,
    }))
    const fit = fitGammaGamma(histories)
    for (const key of ['p', 'q', 'gamma'] as const) {
      for (const factor of [0.99, 1.01]) {
        const moved = gammaGammaLogLikelihood({ ...fit, [key]: fit[key] * factor }, histories)
        expect(moved).toBeLessThanOrEqual(fit.logLikelihood + 1e-6)
      }
    }
  })
})

describe('value', () => {
  test('historical: average order × orders a year × years', () => expect(historicalValue(1_000, 12, 5)).toBe(60_000))

  test('without discount the horizon is worth what is expected in it, with one less, by the time it takes', () => {
    const history = HISTORIES[2]!
    const horizon = { weeks: 104, yearlyDiscount: 0 }
    const plain = discountedPurchases(MODEL, history, horizon)
    expect(plain).toBe(expectedPurchases(MODEL, history, 104))
    expect(discountedPurchases(MODEL, history, { ...horizon, yearlyDiscount: 1e-9 })).toBeCloseTo(plain, 6)
    const discounted = discountedPurchases(MODEL, history, { ...horizon, yearlyDiscount: 0.1 })
    expect(discounted).toBeLessThan(plain)
    expect(discounted).toBeGreaterThan(plain / 1.1 ** 2)
    const spending = { p: 3, q: 4, gamma: 20 }
    const value = predictedValue({ buying: MODEL, spending }, { ...history, spend: undefined }, horizon)
    expect(value).toBeCloseTo(plain * 20, 9)
  })
})

test('purchases of one day are one, the first day is no repeat, and later days are not known yet', () => {
  const days = new PurchaseDays()
  const noon = DAY_MS / 2
  expect(days.history(0)).toBeUndefined()
  for (const [day, amount] of [
    [14, 500],
    [0, 1_000],
    [0, 200],
    [7, 300],
    [7, 400],
    [70, 9_900],
  ] as const) {
    days.add(day * DAY_MS + noon, amount)
  }
  expect(days.history(21 * DAY_MS)).toEqual({
    repeats: 2,
    lastWeeks: 2,
    ageWeeks: 3,
    spend: { purchases: 2, meanAmount: 6 },
  })
  expect([days.count, days.spendMinor]).toEqual([4, 12_300])
})

/** The likelihood of a history as the double integral that the paper solves, of the whole or of the part that is alive. */
function integrate(
  { r, alpha, a, b }: BgNbd,
  { repeats: x, lastWeeks, ageWeeks }: BuyingHistory,
  of: (rate: number, p: number) => number,
  part: 'all' | 'alive' = 'all',
): number {
  const rateDensity = (rate: number) =>
    Math.exp(r * Math.log(alpha) + (r - 1) * Math.log(rate) - alpha * rate - logGamma(r))
  const pDensity = (p: number) => Math.exp((a - 1) * Math.log(p) + (b - 1) * Math.log1p(-p) - logBeta(a, b))
  const overDropout = (rate: number) =>
    simpson(
      (p) => {
        const alive = (1 - p) ** x * rate ** x * Math.exp(-rate * ageWeeks)
        const gone = x === 0 ? 0 : p * (1 - p) ** (x - 1) * rate ** x * Math.exp(-rate * lastWeeks)
        return pDensity(p) * (part === 'alive' ? alive : alive + gone) * of(rate, p)
      },
      1e-9,
      1 - 1e-9,
      600,
    )
  // With rate = u⁴ the density has no kink at 0.
  return simpson((u) => 4 * u ** 3 * rateDensity(u ** 4) * overDropout(u ** 4), 1e-9, 1.4, 200)
}

function simpson(of: (x: number) => number, from: number, to: number, steps: number): number {
  const h = (to - from) / steps
  let total = of(from) + of(to)
  for (let i = 1; i < steps; i++) total += (i % 2 === 1 ? 4 : 2) * of(from + i * h)
  return (total * h) / 3
}
