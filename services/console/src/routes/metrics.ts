import { problemResponses } from '@holdfast/platform'
import { z } from 'zod'
import { cohortSchema, cohortsOf } from '../figures/cohorts.ts'
import { pipelineSchema } from '../figures/pipeline.ts'
import { summarise, summarySchema } from '../figures/summary.ts'
import { addUp } from '../figures/sums.ts'
import type { Context } from './context.ts'
import { jsonResponse } from './json-response.ts'

const asOf = z.iso.datetime()

export const SUMMARY_SCHEMA = summarySchema.extend({ asOf, pipeline: pipelineSchema }).meta({ id: 'Summary' })
export const COHORTS_SCHEMA = z.object({ asOf, cohorts: z.array(cohortSchema) }).meta({ id: 'Cohorts' })

export function addMetricsRoutes({ app, clock, shards, view, pipeline }: Context): void {
  const sums = async () => addUp(await shards.all((shard) => shard.counters()))
  const horizonDays = () => (view.model?.horizonMs ?? 0) / 86_400_000
  const problems = problemResponses(401, 403, 503)

  app.get(
    '/v1/metrics/summary',
    {
      schema: {
        summary: 'The shop and the pipeline in numbers',
        description:
          'Every number is a sum over customers that is kept up to date with them; nothing is counted on asking.',
        tags: ['metrics'],
        response: { 200: jsonResponse('The numbers.', SUMMARY_SCHEMA), ...problems },
      },
    },
    async () => {
      const [counters, figures] = await Promise.all([sums(), pipeline.read()])
      return {
        asOf: new Date(clock.now()).toISOString(),
        ...summarise(counters, { currency: view.currency, horizonDays: horizonDays() }),
        pipeline: figures,
      }
    },
  )

  app.get(
    '/v1/metrics/cohorts',
    {
      schema: {
        summary: 'Retention by month of the first purchase',
        tags: ['metrics'],
        response: { 200: jsonResponse('The cohorts, oldest first.', COHORTS_SCHEMA), ...problems },
      },
    },
    async () => ({ asOf: new Date(clock.now()).toISOString(), cohorts: cohortsOf(await sums(), view.currency) }),
  )
}
