import { asError } from '@holdfast/platform'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { type Fault, type Faults, faultSchema } from './faults.ts'
import type { NewlyReceived } from './message.ts'
import type { MessageStore } from './message-store.ts'
import { renderPage } from './page.ts'

export interface HttpOptions {
  readonly store: MessageStore
  readonly faults: Faults
  /** `whsec_…`; a webhook is right by any of them. */
  readonly secrets: readonly string[]
}

/** Of a message's body, bytes. */
const BODY_LIMIT = 262_144
const SHOWN_ON_PAGE = 100
const limitSchema = z.coerce.number().int().min(1).max(10_000).default(100)

/** The receiver's HTTP side: what it is, apart from where it listens. */
export function createApp({ store, faults, secrets }: HttpOptions): FastifyInstance {
  const verifiers = secrets.map((secret) => new Webhook(secret))
  const app = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true, routerOptions: { maxParamLength: 2_000 } })
  // Signatures are of the bytes as they came.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  const bodyOf = (request: FastifyRequest): string => (typeof request.body === 'string' ? request.body : '')

  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async () => ({ ok: true, detail: { messages: store.count() } }))

  app.get('/', async (_request, reply) => {
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
    reply.header('x-content-type-options', 'nosniff').type('text/html; charset=utf-8')
    return renderPage(store.newest(SHOWN_ON_PAGE), store.count())
  })
  app.get<{ Querystring: { limit?: string } }>('/messages', async ({ query }, reply) => {
    const limit = limitSchema.safeParse(query.limit)
    if (!limit.success) return reply.code(400).send({ error: 'limit: expected a whole number from 1 to 10000' })
    return { total: store.count(), messages: store.newest(limit.data) }
  })
  app.get<{ Params: { key: string } }>('/messages/:key', async ({ params }, reply) => {
    const messages = await store.byKey(params.key)
    return messages.length > 0 ? { messages } : reply.code(404).send({ error: `nothing arrived under ${params.key}` })
  })

  app.get('/faults', async () => ({ faults: faults.list() }))
  app.delete('/faults', async () => {
    faults.clear()
    return { faults: [] }
  })
  app.post('/faults', async (request, reply) => {
    // A page of another site cannot send this type without asking first, and is not allowed to.
    if (!request.headers['content-type']?.startsWith('application/json')) {
      return reply.code(415).send({ error: 'expected application/json' })
    }
    const fault = faultSchema.safeParse(jsonOrUndefined(bodyOf(request)))
    if (!fault.success) return reply.code(400).send({ error: z.prettifyError(fault.error) })
    faults.set(fault.data)
    return { faults: faults.list() }
  })

  app.post('/webhooks/*', (request, reply) => take(request, reply, webhookOf(request)))
  app.post('/slack/*', (request, reply) => take(request, reply, slackOf(request)))

  /** Keeps the message and answers, unless a fault was asked for. */
  async function take(request: FastifyRequest, reply: FastifyReply, message: NewlyReceived): Promise<unknown> {
    const fault = faults.take(message.to)
    if (fault === undefined) {
      await store.add(message)
      return reply.code(message.outcome === 'refused' ? 401 : 200).send({ ok: message.outcome === 'taken' })
    }
    await store.add(fault.kind === 'take-and-close' ? message : { ...message, outcome: 'fault' })
    return misbehave(fault, request, reply)
  }

  function webhookOf(request: FastifyRequest): NewlyReceived {
    const body = bodyOf(request)
    const headers = headersOf(request)
    const problem = problemWith(body, headers)
    const key = headers['webhook-id']
    const said = payloadSchema.safeParse(jsonOrUndefined(body))
    return {
      kind: 'webhook',
      outcome: problem === undefined || verifiers.length === 0 ? 'taken' : 'refused',
      to: request.url,
      ...(key !== undefined && { idempotencyKey: key }),
      ...(verifiers.length > 0 && { verified: problem === undefined }),
      ...(problem !== undefined && verifiers.length > 0 && { problem }),
      headers,
      ...(said.success && { subject: said.data.type, text: said.data.data.text }),
      body,
    }
  }

  /** Undefined where one of the secrets signed it. */
  function problemWith(body: string, headers: Record<string, string>): string | undefined {
    let problem = 'there is no secret'
    for (const verifier of verifiers) {
      try {
        verifier.verify(body, headers, { jsonParse: false })
        return undefined
      } catch (thrown) {
        problem = asError(thrown).message
      }
    }
    return problem
  }

  function slackOf(request: FastifyRequest): NewlyReceived {
    const body = bodyOf(request)
    const said = slackSchema.safeParse(jsonOrUndefined(body))
    const blocks = said.success ? (said.data.blocks ?? []) : []
    const key = blocks.find(({ type }) => type === 'context')?.elements?.[0]?.text
    return {
      kind: 'slack',
      outcome: said.success ? 'taken' : 'refused',
      to: request.url,
      ...(key !== undefined && { idempotencyKey: key }),
      headers: headersOf(request),
      ...(said.success && {
        subject: said.data.text,
        text: blocks.flatMap(({ text }) => text?.text ?? []).join('\n'),
      }),
      body,
    }
  }
  return app
}

const payloadSchema = z.object({ type: z.string(), data: z.object({ text: z.string() }) })
const textSchema = z.object({ text: z.string() })
const slackSchema = z.object({
  text: z.string(),
  blocks: z
    .array(z.object({ type: z.string(), text: textSchema.optional(), elements: z.array(textSchema).optional() }))
    .optional(),
})

function misbehave(fault: Fault, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  switch (fault.kind) {
    case 'status':
      if (fault.retryAfter !== undefined) reply.header('retry-after', fault.retryAfter)
      return reply.code(fault.status).send({ ok: false })
    case 'redirect':
      return reply.code(307).header('location', fault.location).send()
    case 'hang':
      return reply.hijack()
    case 'close':
    case 'take-and-close':
      request.raw.socket.destroy()
      return reply.hijack()
    case 'close-midway':
      request.raw.socket.end('HTTP/1.1 200 OK\r\ncontent-le')
      return reply.hijack()
  }
}

function headersOf({ headers }: FastifyRequest): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]))
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
