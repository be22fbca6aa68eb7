import {
  ACTION_KINDS,
  type ActionState,
  BANDS,
  type CustomerState,
  DISPOSITIONS,
  FEATURE_GROUPS,
  FEATURES,
  featureVector,
  logitOf,
  OUTCOMES,
  type Policy,
  PURPOSES,
  probabilityOf,
  type RiskModel,
  reasonsAt,
  TIMELINE_KINDS,
  type TimelineEntry,
  whyWithheld,
} from '@holdfast/core'
import { z } from 'zod'
import { reasonSchema } from './job.ts'
import { formatTime } from './time.ts'

/** What `GET /v1/customers/{id}` and `holdfast inspect --json` show of a customer: the same, made in one place. */

const instant = z.iso.datetime()

/** An exact amount of the base currency. */
export const moneySchema = z
  .object({
    amountMinor: z.int().describe('In minor units, such as cents.'),
    currency: z.string().describe('ISO 4217.'),
  })
  .meta({ id: 'Money' })
export type Money = z.output<typeof moneySchema>

const WITHHELD = ['disabled', 'no_consent', 'answered', 'snoozed', 'cooldown', 'too_late', 'generated_model'] as const

/** What the last evaluation found and decided. */
export const standingSchema = z
  .object({
    band: z.enum(BANDS),
    previousBand: z.enum(BANDS).optional().describe('The band before, where the last evaluation found the change.'),
    enteredAt: instant.describe('The first instant at which the customer was in the band.'),
    evaluatedAt: instant.describe('As of when band, probability and expected loss are.'),
    probability: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Of no purchase within the churn horizon; a prospect has none.'),
    expectedLoss: moneySchema.describe('Probability times the predicted value of the customer.'),
    disposition: z
      .enum(DISPOSITIONS)
      .describe('What became of the band: nothing to do, a job queued, only recorded, held for now, or refused.'),
    withheld: z.enum(WITHHELD).optional().describe('Why nobody is contacted, where that is known.'),
    heldUntil: instant.optional().describe('When a held decision is taken again.'),
  })
  .meta({ id: 'Standing' })
export type Standing = z.output<typeof standingSchema>

const ledgerSchema = z
  .object({
    decidedAt: instant.optional(),
    deliveredAt: instant.optional(),
    delivered: z.int().describe('Messages delivered so far.'),
    failedAt: instant.optional(),
    suppressedAt: instant.optional().describe('When it was last decided not to contact.'),
    acknowledgedAt: instant.optional(),
    snoozedAt: instant.optional(),
    snoozedUntil: instant.optional(),
    resolvedAt: instant.optional(),
    outcome: z.enum(OUTCOMES).optional(),
  })
  .meta({ id: 'Ledger', description: 'What was done about one kind of contact: the newest of each step.' })

export const customerViewSchema = z.object({
  customer: z.string(),
  shard: z.int().min(0),
  generation: z.string().describe('Moves with every rebuild.'),
  asOf: instant.describe('As of when `now` and `features` are; all else is as stored.'),
  erased: z.boolean(),
  stored: standingSchema
    .optional()
    .describe('As last evaluated; absent for a customer who has not been looked at yet.'),
  now: z
    .object({
      model: z.string().describe('Version of the model.'),
      horizonDays: z.number().describe('The churn horizon: what the probability is of.'),
      logit: z.number(),
      probability: z.number().min(0).max(1),
      reasons: z.array(reasonSchema).describe('Groups of features that raise the risk, strongest first.'),
    })
    .optional()
    .describe('The score at `asOf`; absent for a prospect, and where there is no model.'),
  nextAppointment: instant.optional().describe('When silence alone may change anything next.'),
  consent: z.partialRecord(z.enum(PURPOSES), z.object({ granted: z.boolean(), at: instant })),
  actions: z.partialRecord(z.enum(ACTION_KINDS), ledgerSchema),
  features: z
    .array(
      z.object({
        group: z.enum(FEATURE_GROUPS),
        features: z.array(z.object({ name: z.string(), unit: z.string(), value: z.number() })),
      }),
    )
    .describe('The state as the model sees it at `asOf`.'),
  timeline: z
    .array(
      z.object({
        at: instant,
        kind: z.enum(TIMELINE_KINDS),
        detail: z
          .number()
          .describe('Amount in minor units, score, probability or end of a snooze, as the kind suggests; else 0.'),
      }),
    )
    .describe('Newest first.'),
})
export type CustomerView = z.output<typeof customerViewSchema>

/** A customer as a shard holds them. */
export interface StoredCustomer {
  readonly id: string
  readonly shard: number
  readonly generation: string
  readonly state: CustomerState
  /** ms. */
  readonly nextAppointment: number | undefined
  /** As it came, the last first. */
  readonly timeline: readonly TimelineEntry[]
}

/** What is needed to read a state: a model that is missing, or a policy, leaves out what it would have told. */
export interface ViewContext {
  /** ISO 4217 code of the amounts. */
  readonly currency: string
  readonly model?: RiskModel | undefined
  readonly policy?: Policy | undefined
  readonly modelMaySend?: boolean
  /** The score of a feature vector. Default: plain arithmetic with the model's weights. */
  readonly score?: ((vector: Float64Array) => { readonly logit: number; readonly probability: number }) | undefined
}

/** @param at instant of the features and of the score, ms */
export function customerView(customer: StoredCustomer, at: number, context: ViewContext): CustomerView {
  const { id, shard, generation, state, nextAppointment, timeline } = customer
  const vector = featureVector(state, at)
  return {
    customer: id,
    shard,
    generation,
    asOf: formatTime(at),
    erased: state.erased,
    stored: standing(state, context),
    now: scoreNow(state, at, vector, context),
    nextAppointment: time(nextAppointment),
    consent: Object.fromEntries(
      Object.entries(state.consent).map(([purpose, word]) => [
        purpose,
        { granted: word.granted, at: formatTime(word.at) },
      ]),
    ),
    actions: Object.fromEntries(
      ACTION_KINDS.flatMap((kind) => {
        const ledger = state.actions[kind]
        return ledger === undefined ? [] : [[kind, ledgerOf(ledger)]]
      }),
    ),
    features: FEATURE_GROUPS.map((group) => ({
      group,
      features: FEATURES.flatMap((row, i) =>
        row.group === group ? [{ name: row.name, unit: row.unit, value: vector[i] ?? 0 }] : [],
      ),
    })),
    // It is stored as the log brought it: what two services say at once may come in either order.
    timeline: timeline
      .toSorted((a, b) => b.time - a.time)
      .map(({ kind, time: when, detail }) => ({ at: formatTime(when), kind, detail })),
  }
}

/** What the last evaluation found; undefined before the first. */
export function standing(state: CustomerState, context: ViewContext): Standing | undefined {
  const { currency, policy, modelMaySend = true } = context
  const { decided } = state
  if (decided === undefined) return undefined
  const { band, previousBand, enteredAt, evaluatedAt, probability, expectedLossMinor, disposition, heldUntil } = decided
  return {
    band,
    // From the second look at a stay in a band on, the band before it is the same one.
    previousBand: previousBand === band ? undefined : previousBand,
    enteredAt: formatTime(enteredAt),
    evaluatedAt: formatTime(evaluatedAt),
    probability: band === 'prospect' ? undefined : probability,
    expectedLoss: { amountMinor: expectedLossMinor, currency },
    disposition,
    withheld: policy && whyWithheld(state, policy, modelMaySend),
    heldUntil: time(heldUntil),
  }
}

function scoreNow(state: CustomerState, at: number, vector: Float64Array, { model, score }: ViewContext) {
  if (model === undefined || state.purchases === undefined || state.erased) return undefined
  const { logit, probability } = score?.(vector) ?? plainScore(model, vector)
  const reasons = reasonsAt(state, at, model).map(({ group, logit, sentence }) => ({ group, logit, sentence }))
  return { model: model.version, horizonDays: model.horizonMs / 86_400_000, logit, probability, reasons }
}

function plainScore(model: RiskModel, vector: Float64Array) {
  const logit = logitOf(model, vector)
  return { logit, probability: probabilityOf(logit) }
}

function ledgerOf(ledger: ActionState): z.output<typeof ledgerSchema> {
  return {
    decidedAt: time(ledger.decidedAt),
    deliveredAt: time(ledger.deliveredAt),
    delivered: ledger.delivered,
    failedAt: time(ledger.failedAt),
    suppressedAt: time(ledger.suppressedAt),
    acknowledgedAt: time(ledger.acknowledgedAt),
    snoozedAt: time(ledger.snoozedAt),
    snoozedUntil: time(ledger.snoozedUntil),
    resolvedAt: time(ledger.resolvedAt),
    outcome: ledger.outcome,
  }
}

/** The last instant that RFC 3339 can write: with its offset, an event may name one that is a day later. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** RFC 3339; undefined for an instant that never was. */
function time(ms: number | undefined): string | undefined {
  return ms === undefined || ms < 0 ? undefined : formatTime(Math.min(ms, LAST_MS))
}
