import { driftSchema, lastWatchSchema, outcomeSchema, versionOutcomesSchema } from '@holdfast/contracts'
import { Problem, problemResponses } from '@holdfast/platform'
import { z } from 'zod'
import type { Context } from './context.ts'
import { jsonResponse } from './json-response.ts'

export const DRIFT_SCHEMA = driftSchema
export const OUTCOMES_SCHEMA = z
  .object({
    versions: z.array(versionOutcomesSchema).describe('All kept cohorts of each model together.'),
    cohorts: z.array(outcomeSchema).describe('Newest first; those of the last half year or so.'),
    last: lastWatchSchema,
  })
  .meta({ id: 'Outcomes' })

/** How the champion does, as the trainer found it when it last watched. */
export function addModelsRoutes({ app, models }: Context): void {
  const problems = problemResponses(401, 403, 404, 503)

  app.get(
    '/v1/models/champion/drift',
    {
      schema: {
        summary: 'How far customers have moved from those that the champion learned from',
        description:
          'As of the last watch. 404 with a problem of the kind `not-measured-yet` where the present champion has not been watched.',
        tags: ['models'],
        response: { 200: jsonResponse('The drift.', DRIFT_SCHEMA), ...problems },
      },
    },
    async () => {
      const { champion, drift, last } = await models.drift()
      if (drift !== undefined && drift.model.digest === champion?.digest) return drift
      throw notMeasured(last?.says ?? `the champion ${champion?.version ?? ''} has not been watched yet.`)
    },
  )

  app.get(
    '/v1/models/champion/outcomes',
    {
      schema: {
        summary: 'What became of predictions whose horizon has passed',
        description:
          'By model and by cohort: those of champions before the present one mature under it. Empty lists while none has matured; `last` says when the next will.',
        tags: ['models'],
        response: { 200: jsonResponse('The outcomes.', OUTCOMES_SCHEMA), ...problems },
      },
    },
    async () => {
      const { versions, cohorts, last } = await models.outcomes()
      if (last === undefined) throw notMeasured('nobody has watched the champion yet.')
      return { versions: [...versions], cohorts: [...cohorts], last }
    },
  )
}

function notMeasured(why: string): Problem {
  return new Problem({
    status: 404,
    kind: 'not-measured-yet',
    title: 'Not measured yet',
    detail: `${why} The trainer watches by itself while it runs; "npx holdfast models drift --now" does so at once.`,
  })
}
