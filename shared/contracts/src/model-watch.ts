import { z } from 'zod'

/**
 * How a model does in live use, as it is stored in Redis and as the API and the command line give it: drift, which needs no
 * outcome, and outcomes, which need the horizon to pass. All instants are domain time.
 */

const instant = z.iso.datetime()
const count = z.int().min(0)
const share = z.number().min(0).max(1)
const atLeastZero = z.number().min(0)

/** Of which model something was measured. */
export const watchedModelSchema = z
  .object({ version: z.string(), digest: z.string().describe('SHA-256 of its bytes.') })
  .meta({ id: 'WatchedModel' })
export type WatchedModel = z.output<typeof watchedModelSchema>

export const driftSchema = z
  .object({
    asOf: instant,
    model: watchedModelSchema,
    customers: count.describe('In the sample: customers who have bought.'),
    unreadable: count.describe('Customers of the sample whose state cannot be read.'),
    score: z
      .number()
      .nullable()
      .describe('Population stability index of the probabilities; null where it could not be measured.'),
    features: z
      .array(z.object({ feature: z.string(), psi: z.number() }))
      .describe('Population stability index of each feature against the training rows, largest first.'),
    chance: z
      .number()
      .nullable()
      .describe('What chance alone makes of an index over ten bins with so few customers, once in ten thousand times.'),
    problem: z.string().nullable().describe('Why drift is not known, and what to do; null where it is.'),
  })
  .meta({ id: 'Drift', description: 'Below 0.1 usually nothing; above 0.25 another population.' })
export type DriftRecord = z.output<typeof driftSchema>

/** How good one set of predictions was. A figure is null where it has no meaning: of nobody, or where one outcome is missing. */
const figures = {
  auc: share.nullable().describe('Area under the ROC curve.'),
  logLoss: atLeastZero.nullable(),
  brier: share.nullable(),
  ece: share.nullable().describe('Expected calibration error over ten bins.'),
}

const reliabilityBinSchema = z.object({ from: share, to: share, rows: count, predicted: share, observed: share })

/** What became of the customers of one cohort. */
export const outcomeSchema = z
  .object({
    cohort: z.string().describe('Its day and horizon, such as 2026-11-22+90d.'),
    predictedAt: instant,
    maturedAt: instant.describe('The end of the horizon after the prediction.'),
    judgedAt: instant,
    model: watchedModelSchema,
    horizonDays: z.number(),
    customers: count.describe('Whose prediction was judged.'),
    churned: count.describe('Of them, who bought nothing within the horizon.'),
    erased: count.describe('Left out because they were erased.'),
    unknown: count.describe(
      'Left out because it cannot be told: judged too late, or their state is gone or unreadable.',
    ),
    meanPredicted: share.nullable(),
    ...figures,
    reliability: z.array(reliabilityBinSchema),
  })
  .meta({ id: 'Outcome' })
export type OutcomeRecord = z.output<typeof outcomeSchema>

/** All cohorts of one model version together. */
export const versionOutcomesSchema = z
  .object({
    model: watchedModelSchema,
    cohorts: count,
    customers: count.describe('Judged predictions: a customer counts once for each cohort.'),
    churned: count,
    meanPredicted: share.nullable(),
    ...figures,
  })
  .meta({ id: 'VersionOutcomes', description: 'AUC is the mean over cohorts, each by its customers.' })
export type VersionOutcomes = z.output<typeof versionOutcomesSchema>

/** What the last watch came to: whether there is anything new, and what still waits. */
export const lastWatchSchema = z
  .object({
    asOf: instant,
    outcome: z
      .enum(['measured', 'behind', 'no_model', 'model_unusable', 'no_customers'])
      .describe('Nothing is measured or judged while the states are behind the log.'),
    says: z.string().nullable().describe('Why nothing was measured; null where something was.'),
    open: count.describe('Cohorts whose horizon has not passed yet, or that could not be judged yet.'),
    nextMaturesAt: instant.nullable().describe('From when, to the day, the next of them can be judged.'),
    corrupt: z.array(z.string()).describe('Cohorts, or outcomes of cohorts, that cannot be read and are passed over.'),
    expired: z
      .array(z.string())
      .describe('Cohorts that could not be read, whose time was over, and that are forgotten.'),
  })
  .meta({ id: 'LastWatch' })
export type LastWatch = z.output<typeof lastWatchSchema>
