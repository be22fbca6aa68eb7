import type { Readable } from 'node:stream'
import { problemResponses } from '@holdfast/platform'
import { z } from 'zod'
import type { Context } from './context.ts'

const DESCRIPTION = `Server-sent events. \`risk_changed\` {customer, band, previousBand?, enteredAt, evaluatedAt, probability?, expectedLoss, reasons,
modelVersion} whenever a customer enters a band; \`forgotten\` {customer} when one was erased. With Last-Event-ID the stream goes on
where it was broken off, as far as this server remembers; where it does not, \`missed\` {reason} comes first: read the lists again.
\`dropped\` {reason} and \`closing\` {reason} come last. A comment every 15 seconds says that the connection lives.`

const headersSchema = z.looseObject({
  'last-event-id': z.string().max(256).optional().describe('The id of the last event that was seen.'),
})

/** Sent as it comes; Fastify serializes no stream. */
const STREAM: z.ZodType<Readable> = z.any().meta({ type: 'string' })

export function addChangesRoute({ app, streams }: Context): void {
  app.get(
    '/v1/changes',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Changes of band as they happen',
        description: DESCRIPTION,
        tags: ['customers'],
        headers: headersSchema,
        response: {
          200: {
            description: 'The stream; it does not end by itself.',
            content: { 'text/event-stream': { schema: STREAM } },
          },
          ...problemResponses(400, 401, 403, 503),
        },
      },
    },
    async (request, reply) => {
      const stream = streams.connect(reply.raw, request.headers['last-event-id'] || undefined)
      // The connection ends with the stream: kept alive, it would hold back the end of the process.
      reply
        .type('text/event-stream; charset=utf-8')
        .headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no', connection: 'close' })
      return stream
    },
  )
  // Streams end by themselves never, and closing waits for answers under way.
  app.addHook('preClose', async () => streams.stop())
}
