import { ACTION_KINDS, BANDS } from '@holdfast/core'
import { z } from 'zod'
import {
  choiceField,
  currencyField,
  episodeField,
  expected,
  integerField,
  numberField,
  subjectField,
  textField,
} from './fields.ts'
import { acceptorOf, described, quick } from './quick.ts'

/** Why a customer has the score: one group of features, in words that an agent can read out. */
export const reasonSchema = z.object({
  group: textField,
  /** What the group adds to the logit against an average customer; the groups of a customer add up. */
  logit: quick(z.number(expected('a number')), Number.isFinite),
  sentence: textField,
})
export type Reason = z.output<typeof reasonSchema>

const instant = (what: string) =>
  described(integerField(0, Number.MAX_SAFE_INTEGER, 'an instant in milliseconds since 1970'), what)

/** What a BullMQ job carries; its queue is its `action`, its id the `episodeId`. All that a message needs but the profile. */
export const jobSchema = z.object({
  episodeId: episodeField,
  customerId: subjectField,
  action: choiceField(ACTION_KINDS),
  band: choiceField(BANDS),
  enteredAt: instant('When the customer entered the band, ms since 1970.'),
  decidedAt: instant('When the decision was taken, ms since 1970.'),
  probability: described(numberField(0, 1, 'a probability from 0 to 1'), 'Of no purchase within the churn horizon.'),
  expectedLossMinor: described(
    numberField(0, Number.MAX_SAFE_INTEGER, 'minor units, 0 or more'),
    'Probability times predicted value of the customer, in minor units.',
  ),
  currency: currencyField,
  reasons: z.array(reasonSchema, expected('an array')),
  modelVersion: textField,
  shard: z.object({ partition: integerField(0, 2 ** 31 - 1, 'a partition number') }),
})
export type Job = z.output<typeof jobSchema>

const isJob = acceptorOf(jobSchema)

/** @throws SyntaxError or ZodError for what is no job. */
export function parseJob(json: Buffer): Job {
  const job: unknown = JSON.parse(json.toString())
  return isJob(job) ? job : jobSchema.parse(job)
}
