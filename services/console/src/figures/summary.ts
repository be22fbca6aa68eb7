import { moneySchema } from '@holdfast/contracts'
import { ACTION_KINDS, BANDS, DISPOSITIONS, JUDGED_BINS, OUTCOMES } from '@holdfast/core'
import { z } from 'zod'
import { ratio, type Sums, sumOf } from './sums.ts'

const count = z.int().min(0)
const share = z.number().min(0).max(1).nullable()
const mean = z.number().nullable()

const riskBands = BANDS.filter((band) => band !== 'prospect')

/** What the shop looks like as a whole. A share or mean of nobody is null. */
export const summarySchema = z.object({
  customers: z.object({
    known: count,
    erased: count,
    buyers: count.describe('Bought at least once.'),
    repeatBuyers: count,
  }),
  bands: z.record(z.enum(BANDS), count).describe('Customers by band, each as of their last evaluation.'),
  churn: z.object({
    horizonDays: z.number().describe('Churned is without a purchase for so long.'),
    churnRate: share.describe('Of evaluated buyers, those who are lapsed.'),
    retentionRate: share.describe('The rest.'),
    atRiskRate: share.describe('Of evaluated buyers, those who are at risk.'),
    meanProbability: share.describe('Of evaluated buyers, as last evaluated.'),
  }),
  orders: z.object({
    count,
    repeatRate: share.describe('Of buyers, those who bought again.'),
    spend: moneySchema.describe('Gross.'),
    averageOrderValue: moneySchema.nullable().describe('Gross spend by order, rounded to the minor unit.'),
    refunds: count,
    cancellations: count,
    reversed: moneySchema.describe('Refunded or cancelled.'),
  }),
  value: z.object({
    netSpendPerBuyer: moneySchema
      .nullable()
      .describe('Customer lifetime value so far: spend less reversals, by buyer.'),
    expectedLoss: moneySchema.describe('Sum of probability times predicted value, as last evaluated.'),
    expectedLossByBand: z.record(z.enum(riskBands), moneySchema),
  }),
  support: z.object({ tickets: count, open: count, complaints: count, escalations: count }),
  surveys: z
    .object({
      nps: z.object({
        promoters: count,
        passives: count,
        detractors: count,
        score: mean.describe('Percent promoters less percent detractors, -100 to 100.'),
      }),
      csat: z.object({ answers: count, mean: mean.describe('1 to 5.') }),
      ces: z.object({ answers: count, mean: mean.describe('1 to 7.') }),
    })
    .describe("Of each customer's last answer."),
  predictions: z
    .object({
      judged: count,
      churnRate: share.describe('Of them, how many did not buy within the horizon.'),
      meanPredicted: share.describe('What had been predicted of them on average, in steps of a fiftieth.'),
    })
    .describe("Of each customer's last prediction whose horizon has passed, or who bought before."),
  decisions: z.record(z.enum(DISPOSITIONS), count).describe('What became of the band that each customer is in.'),
  actions: z.record(z.enum(ACTION_KINDS), z.object({ delivered: count, outcomes: z.record(z.enum(OUTCOMES), count) })),
})
export type Summary = z.output<typeof summarySchema>

export interface SummaryContext {
  /** ISO 4217 code of the amounts. */
  readonly currency: string
  readonly horizonDays: number
}

export function summarise(sums: Sums, { currency, horizonDays }: SummaryContext): Summary {
  const of = (name: string) => sumOf(sums, name)
  const money = (amountMinor: number) => ({ amountMinor, currency })
  const perUnit = (amountMinor: number, units: number) => (units === 0 ? null : money(Math.round(amountMinor / units)))
  const evaluated = riskBands.reduce((total, band) => total + of(`band:${band}`), 0)
  const [promoters, passives, detractors] = [of('npsPromoters'), of('npsPassives'), of('npsDetractors')]
  const npsAnswers = promoters + passives + detractors
  return {
    customers: {
      known: of('customers'),
      erased: of('erased'),
      buyers: of('buyers'),
      repeatBuyers: of('repeatBuyers'),
    },
    bands: recordOf(BANDS, (band) => of(`band:${band}`)),
    churn: {
      horizonDays,
      churnRate: ratio(of('band:lapsed'), evaluated),
      retentionRate: ratio(evaluated - of('band:lapsed'), evaluated),
      atRiskRate: ratio(of('band:at_risk'), evaluated),
      meanProbability: ratio(
        riskBands.reduce((total, band) => total + of(`probabilityPpm:${band}`), 0) / 1e6,
        evaluated,
      ),
    },
    orders: {
      count: of('purchases'),
      repeatRate: ratio(of('repeatBuyers'), of('buyers')),
      spend: money(of('spendMinor')),
      averageOrderValue: perUnit(of('spendMinor'), of('purchases')),
      refunds: of('refunds'),
      cancellations: of('cancellations'),
      reversed: money(of('reversedMinor')),
    },
    value: {
      netSpendPerBuyer: perUnit(of('spendMinor') - of('reversedMinor'), of('buyers')),
      expectedLoss: money(riskBands.reduce((total, band) => total + of(`expectedLossMinor:${band}`), 0)),
      expectedLossByBand: recordOf(riskBands, (band) => money(of(`expectedLossMinor:${band}`))),
    },
    support: {
      tickets: of('tickets'),
      open: of('ticketsOpen'),
      complaints: of('complaints'),
      escalations: of('escalations'),
    },
    surveys: {
      nps: {
        promoters,
        passives,
        detractors,
        score: npsAnswers === 0 ? null : (100 * (promoters - detractors)) / npsAnswers,
      },
      csat: { answers: of('csatAnswers'), mean: ratio(of('csatSum'), of('csatAnswers')) },
      ces: { answers: of('cesAnswers'), mean: ratio(of('cesSum'), of('cesAnswers')) },
    },
    predictions: judged(sums),
    decisions: recordOf(DISPOSITIONS, (disposition) => of(`disposition:${disposition}`)),
    actions: recordOf(ACTION_KINDS, (kind) => ({
      delivered: of(`delivered:${kind}`),
      outcomes: recordOf(OUTCOMES, (outcome) => of(`outcome:${kind}:${outcome}`)),
    })),
  }
}

/** A judged prediction is counted under 1 + 2·(its probability in fiftieths) + (1 if the customer churned). */
function judged(sums: Sums): Summary['predictions'] {
  let [all, churned, predicted] = [0, 0, 0]
  for (let bin = 0; bin < JUDGED_BINS; bin++) {
    const returned = sumOf(sums, `judged:${1 + 2 * bin}`)
    const left = sumOf(sums, `judged:${2 + 2 * bin}`)
    all += returned + left
    churned += left
    predicted += ((returned + left) * (bin + 0.5)) / JUDGED_BINS
  }
  return { judged: all, churnRate: ratio(churned, all), meanPredicted: ratio(predicted, all) }
}

function recordOf<const K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  const record: Partial<Record<K, V>> = {}
  for (const key of keys) record[key] = value(key)
  if (!isComplete(record, keys)) throw new Error('a key is missing')
  return record
}

function isComplete<K extends string, V>(record: Partial<Record<K, V>>, keys: readonly K[]): record is Record<K, V> {
  return keys.every((key) => key in record)
}
