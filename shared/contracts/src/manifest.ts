import { z } from 'zod'
import { currencyField, expected, integerField, numberField, textField, timeField } from './fields.ts'
import { checkSettings, SettingsError } from './settings.ts'

/**
 * What lies beside a stored TensorFlow.js model: what it is, what it learned from, how good it is, and the same weights in
 * plain JSON for reasons and the search for appointments.
 */

const number = z.number(expected('a number'))
const count = integerField(0, Number.MAX_SAFE_INTEGER, 'a whole number, 0 or more')
const share = numberField(0, 1, 'a number from 0 to 1')
const times = z.array(timeField, expected('a list of times'))

const featureSchema = z.object({
  name: textField,
  /** Of the raw feature: standardisation is folded in. */
  weight: number,
  /** Mean and standard deviation over the training rows. */
  mean: number,
  scale: numberField(Number.MIN_VALUE, Number.MAX_VALUE, 'a number above 0'),
})

const metricsSchema = z.object({
  /** Rows that were judged, all later than the training cutoffs. */
  n: count,
  /** Share of rows that churned. */
  baseRate: share,
  auc: share,
  logLoss: numberField(0, Number.MAX_VALUE, 'a number, 0 or more'),
  brier: share,
  /** The best AUC there is, where the truth is known: that of a generated shop. */
  ceilings: z
    .object({
      /** Knowing every customer's latent rates and whether they have left. */
      latent: share,
      /** Knowing only the events. */
      posterior: share,
    })
    .optional(),
})

/** Fits end well within these bounds, or are of no use. */
const parameter = (least: number) => numberField(least, 1e9, `a number from ${least} to 1e9`)

/** What customers will be worth: without it, what is at stake goes by each customer's own pace of spending. */
const valueSchema = z.object({
  /** How far ahead value counts, and what money in a year is worth less than today. */
  horizonDays: integerField(1, 3650, 'a whole number of days, 1 to 3650'),
  yearlyDiscount: share,
  /** A week is the unit. */
  bgNbd: z.object({ r: parameter(1e-7), alpha: parameter(0.05), a: parameter(1e-7), b: parameter(1e-7) }),
  /** Of whole units of the currency, over all purchases of a customer. */
  gammaGamma: z.object({ p: parameter(1e-7), q: parameter(1e-7), gamma: parameter(1e-7) }),
  /** What both were fitted to: customers known at that instant, and those of them who had come back. */
  fittedAt: timeField,
  customers: count,
  repeatCustomers: count,
})

const VERSION = expected(
  'a version of 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
)

export const manifestSchema = z.object({
  version: z.string(VERSION).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, VERSION),
  createdAt: timeField,
  learnedFrom: z.enum(['generated-shop', 'log'], expected('generated-shop or log')),
  featureTableVersion: count,
  /** Currency of the amounts that it learned from. */
  currency: currencyField,
  /** Churn is no purchase within this many days. */
  horizonDays: integerField(1, 3650, 'a whole number of days, 1 to 3650'),
  /** Bounds of the bands, on the logit; a band is left only `marginLogit` below the bound by which it was entered. */
  thresholds: z
    .object({
      watchLogit: number,
      atRiskLogit: number,
      marginLogit: numberField(0, Number.MAX_VALUE, 'a number, 0 or more'),
    })
    .refine(({ watchLogit, atRiskLogit }) => watchLogit < atRiskLogit, 'watchLogit must be below atRiskLogit'),
  /** In the order of the feature table. */
  features: z.array(featureSchema, expected('a list of features')).min(1, 'expected at least one feature'),
  bias: number,
  /** L2 penalty on standardised weights, against the summed log loss. */
  ridge: numberField(0, Number.MAX_VALUE, 'a number, 0 or more'),
  /** First and last event that it learned from. */
  dataSpan: z.object({ from: timeField, to: timeField }),
  /** Instants at which training rows were taken, and those at which `metrics` judged it. */
  trainingCutoffs: times,
  evaluationCutoffs: times,
  metrics: metricsSchema,
  value: valueSchema.optional(),
})

export type Manifest = z.output<typeof manifestSchema>
export type ModelMetrics = Manifest['metrics']
export type ManifestValue = NonNullable<Manifest['value']>

/** @throws SettingsError that lists every fault with its path. */
export function parseManifest(text: string, what = 'model manifest'): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new SettingsError(`${what}: not JSON: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  return checkSettings(manifestSchema, value, what)
}
