import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController, type RawServerDefault } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { HoldfastError } from '../errors.ts'
import type { Stoppable } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import type { Probe } from '../probe-server.ts'
import { type AccessRule, createAccessCheck } from './access.ts'
import { answerWithProblem } from './error-handler.ts'
import { MethodTable } from './methods.ts'
import { addProbeRoutes } from './probe-routes.ts'
import { PROBLEM_TYPE, Problem } from './problem.ts'

export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse<IncomingMessage>,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** An OpenAPI 3.1 document, as JSON. */
export type OpenApi = Readonly<Record<string, unknown>>

export interface HttpAppOptions {
  readonly log: Logger
  readonly access: AccessRule
  /** What /openapi.json says of the whole. */
  readonly title: string
  readonly description: string
  /** Of a request's body, bytes; more is answered with 413. */
  readonly maxBodyBytes: number
  /** For receiving a whole request, ms; after it the connection is closed. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Adds to /openapi.json what routes cannot say themselves. */
  readonly describe?: (document: OpenApi) => OpenApi
  readonly health: Probe
  readonly ready: Probe
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
  /** Called for every answer; `route` is the pattern, never the path, so that it can be a label. */
  readonly onAnswered?: (answer: HttpAnswer) => void
}

export interface HttpAnswer {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/**
 * A Fastify app as all our HTTP services are: zod-typed routes, problem details for every error, /openapi.json, the probes and
 * /metrics. Routes are added next, then `startHttpApp`. The routes under `/v1` ask for the token; the others are open.
 * @throws HoldfastError CONFIG_INVALID, see `createAccessCheck`
 */
export async function createHttpApp(options: HttpAppOptions): Promise<HttpApp> {
  const checkAccess = createAccessCheck(options.access)
  const logger: FastifyBaseLogger = options.log
  const app: HttpApp = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: options.maxBodyBytes,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    // Requests under way when stopping begins are served; only idle connections are closed at once.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // As long as a whole head may be: which ids are too long is for the route's schema to say, with the field's name.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, request, reply) => void answerWithProblem(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
  }).withTypeProvider<ZodTypeProvider>()

  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(answerWithProblem)

  const methods = new MethodTable()
  app.addHook('onRoute', ({ url, method }) => methods.add(url, [method].flat()))

  app.addHook('onRequest', async (request) => {
    // Before Fastify asks more of a request than that there is somewhere for it to go, such as a body of QUERY.
    if (request.is404) throw notFound(request.url, methods)
    // Before Fastify closes the connection over it, which a sender who is still writing hears before the answer.
    if (Number(request.headers['content-length'] ?? 0) > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes)
    const path = request.routeOptions.url
    if (path !== undefined && !path.startsWith('/v1/')) return
    const { authorization, host, origin } = request.headers
    checkAccess({ authorization, host, origin })
  })
  const { onAnswered } = options
  if (onAnswered !== undefined) {
    app.addHook('onResponse', async ({ method, routeOptions }, reply) =>
      onAnswered({
        method,
        route: routeOptions.url ?? 'none',
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1000,
      }),
    )
  }

  const withToken = options.access.token !== ''
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: options.title, description: options.description, version: '1' },
      ...(withToken && {
        components: { securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer' } } },
        security: [{ bearer: [] }],
      }),
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  const { describe = (document) => document } = options
  app.get('/openapi.json', { schema: { hide: true } }, async () => describe({ ...app.swagger() }))
  addProbeRoutes(app, options)
  return app
}

export interface HttpServer extends Stoppable {
  readonly url: string
}

/** How long requests under way may take when stopping begins, ms: less than all stops of a process together. */
const GRACE_MS = 10_000

/**
 * Listens. Its stop lets requests under way finish; who is still sending one after `graceMs` is cut off, so that what is to be
 * stopped next has time left.
 * @param port 0 takes a free one
 * @throws HoldfastError PORT_UNAVAILABLE
 */
export async function startHttpApp(
  app: HttpApp,
  { host, port, graceMs = GRACE_MS }: { readonly host: string; readonly port: number; readonly graceMs?: number },
): Promise<HttpServer> {
  try {
    const url = await app.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port })
    return {
      url,
      async stop() {
        const late = setTimeout(() => app.server.closeAllConnections(), graceMs)
        await app.close().finally(() => clearTimeout(late))
      },
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new HoldfastError({
      code: 'PORT_UNAVAILABLE',
      message: `cannot listen on ${host}:${port}`,
      cause,
      cure: 'free the port or configure another.',
    })
  }
}

function notFound(url: string, methods: MethodTable): Problem {
  const path = url.split('?')[0] ?? url
  const allowed = methods.allowed(path)
  if (allowed.length === 0) {
    return new Problem({
      status: 404,
      kind: 'not-found',
      detail: 'there is nothing here; /openapi.json lists what is.',
    })
  }
  const allow = allowed.join(', ')
  return new Problem({
    status: 405,
    kind: 'method-not-allowed',
    detail: `this path takes ${allow}.`,
    headers: { allow },
  })
}

function tooLarge(maxBytes: number): Problem {
  const detail = `the body is larger than ${maxBytes} bytes; send less at once.`
  return new Problem({ status: 413, kind: 'too-large', detail, errors: [{ field: 'body', reason: detail }] })
}

/** What Node's parser could not read has no request to answer: written to the socket by hand. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const problem = BROKEN[error.code ?? ''] ?? BROKEN_OTHERWISE
  const body = JSON.stringify(problem.details(randomUUID()))
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${PROBLEM_TYPE}; charset=utf-8`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const BROKEN: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: new Problem({
    status: 431,
    kind: 'headers-too-large',
    detail: 'the headers are larger than 16 KiB.',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: new Problem({
    status: 408,
    kind: 'too-slow',
    detail: 'the request did not arrive in time.',
  }),
}
const BROKEN_OTHERWISE = new Problem({ status: 400, kind: 'bad-request', detail: 'this is not an HTTP request.' })
