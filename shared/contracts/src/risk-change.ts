import { BANDS } from '@holdfast/core'
import { z } from 'zod'
import { episodeId } from './episode.ts'
import {
  choiceField,
  expected,
  idField,
  numberField,
  sourceField,
  subjectField,
  textField,
  timeField,
} from './fields.ts'
import { type Job, reasonSchema } from './job.ts'
import { formatTime } from './time.ts'

/**
 * What `churn.risk-changes` carries: the band that a customer is in now, a CloudEvent keyed by customer. The topic is
 * compacted, so its newest record a key is the present; an erased customer's is a tombstone.
 */
export const riskChangeSchema = z.object({
  specversion: z.literal('1.0'),
  id: idField.describe('Id of the episode.'),
  source: sourceField,
  type: z.literal('churn.risk_changed'),
  subject: subjectField,
  time: timeField.describe('When it was evaluated.'),
  data: z.object({
    band: choiceField(BANDS),
    previousBand: choiceField(BANDS).optional().describe('Absent for a customer who is evaluated for the first time.'),
    enteredAt: timeField,
    probability: numberField(0, 1, 'a probability from 0 to 1')
      .optional()
      .describe('Of no purchase within the churn horizon; a prospect has none.'),
    expectedLossMinor: numberField(0, Number.MAX_SAFE_INTEGER, 'minor units, 0 or more'),
    currency: z.string(),
    reasons: z.array(reasonSchema, expected('an array')),
    modelVersion: textField,
  }),
})
export type RiskChange = z.output<typeof riskChangeSchema>

/** A band change as the worker knows it; instants in ms. */
export interface RiskChanged
  extends Pick<
    Job,
    'customerId' | 'band' | 'enteredAt' | 'expectedLossMinor' | 'currency' | 'reasons' | 'modelVersion'
  > {
  readonly previousBand?: Job['band'] | undefined
  readonly probability?: number | undefined
  readonly evaluatedAt: number
  readonly source: string
}

export function riskChangeEvent(change: RiskChanged): RiskChange {
  const { customerId, band, previousBand, enteredAt, probability, evaluatedAt, source } = change
  return {
    specversion: '1.0',
    id: episodeId(customerId, band, enteredAt),
    source,
    type: 'churn.risk_changed',
    subject: customerId,
    time: formatTime(evaluatedAt),
    data: {
      band,
      previousBand,
      enteredAt: formatTime(enteredAt),
      probability,
      expectedLossMinor: change.expectedLossMinor,
      currency: change.currency,
      reasons: change.reasons,
      modelVersion: change.modelVersion,
    },
  }
}
