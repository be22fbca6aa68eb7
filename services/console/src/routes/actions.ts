import { parseTime } from '@holdfast/contracts'
import { decodeState } from '@holdfast/core'
import { Problem, problemResponses } from '@holdfast/platform'
import { z } from 'zod'
import { answerEvent, answerId, fingerprintOf } from '../actions/answer-event.ts'
import { commandSchema } from '../actions/command.ts'
import type { Context } from './context.ts'
import { customerParams, erasedCustomer, unknownCustomer } from './customer-params.ts'
import { jsonResponse } from './json-response.ts'

const DAY_MS = 86_400_000
const LONGEST_SNOOZE_MS = 366 * DAY_MS

const headersSchema = z.looseObject({
  'idempotency-key': z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Any text that is new for each thing said: the same request under the same key is one event.'),
})

export const ACCEPTED_SCHEMA = z
  .object({
    eventId: z.string().describe('With the source, what the log knows the event by.'),
    source: z.string(),
    type: z.string(),
    customer: z.string(),
    time: z.iso.datetime().describe('When it was said, in the time of the shop.'),
  })
  .meta({ id: 'Accepted' })

export function addActionsRoute({ app, clock, shards, memory, send }: Context): void {
  app.post(
    '/v1/customers/:id/actions',
    {
      schema: {
        summary: 'Say what was done about a customer',
        description:
          'Writes an event to the log and answers when every replica in sync has it; the customer shows it as soon as the log has been read.',
        tags: ['customers'],
        params: customerParams,
        headers: headersSchema,
        body: commandSchema,
        response: {
          202: jsonResponse('In the log.', ACCEPTED_SCHEMA),
          ...problemResponses(400, 401, 403, 404, 410, 413, 415, 422, 503),
        },
      },
    },
    async ({ params: { id: customerId }, body: command, headers }, reply) => {
      const [bytes] = await shards.on(shards.of(customerId), (shard) => shard.states([customerId]))
      if (!bytes) throw unknownCustomer(customerId)
      const state = decodeState(bytes)
      if (state.erased) throw erasedCustomer()

      const key = headers['idempotency-key']
      const id = answerId(customerId, key)
      const request = { fingerprint: fingerprintOf(command), at: clock.now() }
      const first = key === undefined ? request : await memory.remember(id, request)
      if (first.fingerprint !== request.fingerprint) throw keyReused()
      // Measured when it was first said: a repetition is not too late.
      if (command.action === 'snooze') {
        const refusal = faultOfEnd(parseTime(command.until), first.at)
        if (refusal !== undefined && key !== undefined) await memory.forget(id)
        if (refusal !== undefined) throw refusal
      }

      const event = answerEvent({ id, customerId, state, command, at: first.at })
      await send(event)
      const { source, type, subject, time } = event
      return reply.code(202).send({ eventId: id, source, type, customer: subject, time })
    },
  )
}

function faultOfEnd(until: number, at: number): Problem | undefined {
  if (until > at && until - at <= LONGEST_SNOOZE_MS) return undefined
  return new Problem({
    status: 400,
    kind: 'invalid-request',
    detail: 'a snooze ends in the future, and after a year at the latest; "errors" says where.',
    errors: [
      {
        field: 'until',
        reason: `expected a time after ${new Date(at).toISOString()} and not after ${new Date(at + LONGEST_SNOOZE_MS).toISOString()}`,
      },
    ],
  })
}

function keyReused(): Problem {
  return new Problem({
    status: 422,
    kind: 'idempotency-key-reused',
    detail: 'something else was said of this customer under this Idempotency-Key; take a new key for each thing said.',
  })
}
