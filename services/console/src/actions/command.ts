import { timeField } from '@holdfast/contracts'
import { ACTION_KINDS, OUTCOMES } from '@holdfast/core'
import { z } from 'zod'

/** Free text of a person; its content is told to nobody, not even in an error. */
function personText(most: number) {
  const expected = `expected a text of 1 to ${most} characters without lone surrogates`
  return z
    .string(expected)
    .min(1, expected)
    .max(most, expected)
    .refine((text) => text.isWellFormed(), expected)
}

const common = {
  note: personText(1_000).optional().describe('For colleagues; kept in the log for good.'),
  by: personText(256).optional().describe('Who says so.'),
  about: z
    .enum(ACTION_KINDS)
    .optional()
    .describe('The kind of contact that is answered. Default: the one of the band that the customer is in.'),
}

/** What a person has to say about a customer. */
export const commandSchema = z
  .discriminatedUnion('action', [
    z.strictObject({ action: z.literal('acknowledge'), ...common }).describe('Seen: somebody is at it.'),
    z
      .strictObject({
        action: z.literal('snooze'),
        until: timeField.describe('In the future, at most 366 days ahead, RFC 3339.'),
        ...common,
      })
      .describe('No contact of this kind until then.'),
    z
      .strictObject({ action: z.literal('resolve'), outcome: z.enum(OUTCOMES), ...common })
      .describe('How it came out; nobody is contacted about this stay in the band any more.'),
  ])
  .meta({ id: 'Command' })
export type Command = z.output<typeof commandSchema>
