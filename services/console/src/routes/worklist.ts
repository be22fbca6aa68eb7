import { moneySchema, reasonSchema, standing, standingSchema, WORKLIST_BANDS } from '@holdfast/contracts'
import { reasonsAt } from '@holdfast/core'
import { Problem, problemResponses } from '@holdfast/platform'
import { z } from 'zod'
import { decodeCursor, encodeCursor } from '../worklist/cursor.ts'
import { readPage } from '../worklist/read-page.ts'
import type { Context } from './context.ts'
import { jsonResponse } from './json-response.ts'

const querySchema = z.object({
  band: z.enum(WORKLIST_BANDS),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(4_096).optional().describe('`next` of the page before.'),
})

const LISTED_SCHEMA = standingSchema
  .extend({
    customer: z.string(),
    name: z.string().optional(),
    email: z.string().optional(),
    reasons: z.array(reasonSchema).describe('As of `asOf`, strongest first.'),
    expectedLoss: moneySchema.describe('The priority: probability times predicted value.'),
  })
  .meta({ id: 'Listed' })

export const WORKLIST_SCHEMA = z
  .object({
    asOf: z.iso.datetime(),
    band: z.enum(WORKLIST_BANDS),
    customers: z.array(LISTED_SCHEMA).describe('Highest expected loss first. May be fewer than `limit` on any page.'),
    next: z.string().optional().describe('Cursor of the next page; absent on the last one.'),
  })
  .meta({ id: 'Worklist' })

const DESCRIPTION = `Customers of a band, by what is expected to be lost with them. The cursor names a place in this order and not a number of
rows, so a page never repeats what an unchanged page before it has shown, and never names anybody twice. Who loses priority
between two pages may be met again further down; who gains may pass the reader by until the walk begins anew.`

export function addWorklistRoute({ app, clock, client, shards, view }: Context): void {
  app.get(
    '/v1/customers',
    {
      schema: {
        summary: 'The customers of a band, by priority',
        description: DESCRIPTION,
        tags: ['customers'],
        querystring: querySchema,
        response: {
          200: jsonResponse('A page of the worklist.', WORKLIST_SCHEMA),
          ...problemResponses(400, 401, 403, 503),
        },
      },
    },
    async ({ query: { band, limit, cursor } }) => {
      const after = cursor === undefined ? undefined : decodeCursor(band, cursor)
      if (cursor !== undefined && after === undefined) throw brokenCursor()
      const { customers, next } = await readPage({ client, shards, band, limit, after })
      const at = clock.now()
      return {
        asOf: new Date(at).toISOString(),
        band,
        customers: customers.flatMap(({ id, state, profile }) => {
          const stands = standing(state, view)
          if (stands === undefined) return []
          const reasons = view.model === undefined ? [] : reasonsAt(state, at, view.model)
          return [
            {
              customer: id,
              ...stands,
              name: profile.name?.[0] || undefined,
              email: profile.email?.[0] || undefined,
              reasons: [...reasons],
            },
          ]
        }),
        next: next && encodeCursor(band, next),
      }
    },
  )
}

function brokenCursor(): Problem {
  return new Problem({
    status: 400,
    kind: 'invalid-request',
    detail: 'the cursor is not one that this list gave for this band; leave it out to begin at the top.',
    errors: [{ field: 'cursor', reason: 'expected `next` of a page of the same band' }],
  })
}
