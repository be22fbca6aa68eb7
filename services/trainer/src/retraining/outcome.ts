import { z } from 'zod'
import { WHYS } from './job.ts'

/** How a retraining can end. */
export const OUTCOME_KINDS = ['proposed', 'promoted', 'refused', 'too_little_history', 'failed'] as const
export type OutcomeKind = (typeof OUTCOME_KINDS)[number]

const checkSchema = z.object({ name: z.string(), passed: z.boolean(), says: z.string() })

/** A retrained model, with what it was measured as. */
const candidateSchema = z.object({
  version: z.string(),
  /** SHA-256 of its bytes. */
  digest: z.string(),
  /** On its own test window, the newest. */
  metrics: z.object({ n: z.number(), baseRate: z.number(), auc: z.number(), logLoss: z.number(), brier: z.number() }),
  gate: z.object({
    passed: z.boolean(),
    /** Null where there was none to be held against. */
    champion: z.string().nullable(),
    /** Instant of the customers measured, RFC 3339. */
    at: z.string(),
    rows: z.number(),
    checks: z.array(checkSchema),
    /** Candidate first. */
    figures: z.array(z.object({ name: z.string(), auc: z.number(), logLoss: z.number(), ece: z.number() })),
  }),
})
export type CandidateFigures = z.output<typeof candidateSchema>

/** What came of one retraining; times are of the wall clock, RFC 3339. */
export const outcomeSchema = z.object({
  job: z.string(),
  why: z.enum(WHYS),
  because: z.string().optional(),
  kind: z.enum(OUTCOME_KINDS),
  /** A sentence for people, with what to do. */
  says: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  candidate: candidateSchema.optional(),
})
export type Outcome = z.output<typeof outcomeSchema>

/** A model that passed and waits for somebody to promote it. */
const proposalSchema = z.object({
  version: z.string(),
  digest: z.string(),
  at: z.string(),
  /** The model itself, packed: whoever promotes it may have no access to the folder it was written to. */
  packed: z.string(),
  /** How its training rows were spread, JSON. */
  training: z.string().optional(),
})
export type Proposal = z.output<typeof proposalSchema>

export const recordSchema = z.object({
  /** Newest first. */
  outcomes: z.array(outcomeSchema),
  open: proposalSchema.optional(),
})
export type RetrainingRecord = z.output<typeof recordSchema>
