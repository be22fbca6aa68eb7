import { expect, test } from 'vitest'
import { summarise, summarySchema } from './summary.ts'
import { addUp } from './sums.ts'

const CONTEXT = { currency: 'EUR', horizonDays: 90 }
const of = (counters: Record<string, number>) => summarise(new Map(Object.entries(counters)), CONTEXT)

test('shards are added up, whatever counters each of them has', () => {
  const sums = addUp([
    new Map([
      ['customers', 3],
      ['buyers', 1],
    ]),
    new Map([['customers', 4]]),
    new Map(),
  ])
  expect(Object.fromEntries(sums)).toEqual({ customers: 7, buyers: 1 })
})

test('an empty shop has zeros, and no shares of nobody', () => {
  const summary = of({})
  expect(summarySchema.parse(summary)).toEqual(summary)
  expect(summary.customers.known).toBe(0)
  expect(summary.churn).toEqual({
    horizonDays: 90,
    churnRate: null,
    retentionRate: null,
    atRiskRate: null,
    meanProbability: null,
  })
  expect(summary.orders.averageOrderValue).toBeNull()
  expect(summary.surveys.nps.score).toBeNull()
  expect(summary.predictions).toEqual({ judged: 0, churnRate: null, meanPredicted: null })
})

test('churn and retention are shares of evaluated buyers: prospects have no risk', () => {
  const counters = { 'band:prospect': 50, 'band:healthy': 5, 'band:watch': 2, 'band:at_risk': 1, 'band:lapsed': 2 }
  const { churn, bands } = of({ ...counters, 'probabilityPpm:lapsed': 1_800_000, 'probabilityPpm:at_risk': 700_000 })
  expect(churn).toMatchObject({ churnRate: 0.2, retentionRate: 0.8, atRiskRate: 0.1, meanProbability: 0.25 })
  expect(bands).toEqual({ prospect: 50, healthy: 5, watch: 2, at_risk: 1, lapsed: 2 })
})

test('money is exact, means of it are rounded to the minor unit', () => {
  const { orders, value } = of({
    buyers: 3,
    repeatBuyers: 1,
    purchases: 4,
    spendMinor: 10_001,
    refunds: 1,
    reversedMinor: 1_000,
    'expectedLossMinor:at_risk': 500,
    'expectedLossMinor:lapsed': 70,
  })
  const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' })
  expect(orders).toMatchObject({ spend: eur(10_001), averageOrderValue: eur(2_500), reversed: eur(1_000) })
  expect(orders.repeatRate).toBeCloseTo(1 / 3, 12)
  expect(value).toEqual({
    netSpendPerBuyer: eur(3_000),
    expectedLoss: eur(570),
    expectedLossByBand: { healthy: eur(0), watch: eur(0), at_risk: eur(500), lapsed: eur(70) },
  })
})

test('NPS is promoters less detractors in percent; CSAT and CES are means', () => {
  const { surveys } = of({
    npsPromoters: 5,
    npsPassives: 3,
    npsDetractors: 2,
    csatAnswers: 2,
    csatSum: 7,
    cesAnswers: 1,
    cesSum: 4,
  })
  expect(surveys).toEqual({
    nps: { promoters: 5, passives: 3, detractors: 2, score: 30 },
    csat: { answers: 2, mean: 3.5 },
    ces: { answers: 1, mean: 4 },
  })
})

test('judged predictions: how many churned, and what had been said of them', () => {
  // The codes of a returned customer predicted at 0.10, and of churned ones predicted at 0.90 (fiftieths 5 and 45).
  const { predictions } = of({ 'judged:11': 1, 'judged:92': 3 })
  expect(predictions).toEqual({ judged: 4, churnRate: 0.75, meanPredicted: expect.closeTo((0.11 + 3 * 0.91) / 4, 12) })
})
