import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { HoldfastError } from '../errors.ts'
import { PROBLEM_TYPE, Problem } from './problem.ts'

/** Answers with problem details, whatever was thrown. What is a defect of ours is logged and not told. */
export function answerWithProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(thrown)
  if (problem.status >= 500) {
    const level = problem.status === 500 ? 'error' : 'warn'
    request.log[level](
      { err: thrown, method: request.method, path: request.url, requestId: request.id },
      problem.message,
    )
  }
  return sendProblem(reply, request.id, problem)
}

function sendProblem(reply: FastifyReply, requestId: string, problem: Problem): FastifyReply {
  // As text: no serializer of the route has to agree with it.
  return reply
    .code(problem.status)
    .headers({ ...problem.headers })
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem.details(requestId)))
}

/** @returns the problem that an error amounts to for whoever made the request */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalidRequest(thrown)
  if (thrown instanceof HoldfastError && thrown.canRetry) {
    const detail = thrown.cure === undefined ? thrown.message : `${thrown.message}; ${thrown.cure}`
    return new Problem({ status: 503, kind: kebab(thrown.code), detail, retryAfterSeconds: 1, cause: thrown })
  }
  const refused = refusedByFramework(thrown)
  if (refused !== undefined) return refused
  return new Problem({
    status: 500,
    kind: 'defect',
    detail: 'something went wrong on our side; the log has it under the id of this request.',
    cause: thrown,
  })
}

type Invalid = {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[]
  readonly validationContext?: string
}

const PARTS: Readonly<Record<string, string>> = {
  body: 'the body',
  querystring: 'the query',
  params: 'the path',
  headers: 'the headers',
}

function invalidRequest({ validation, validationContext = 'body' }: Invalid): Problem {
  const part = PARTS[validationContext] ?? validationContext
  return new Problem({
    status: 400,
    kind: 'invalid-request',
    detail: `${part} of the request is not as it should be; "errors" says where.`,
    errors: validation.map(({ instancePath, message }) => ({
      field: instancePath.slice(1).replaceAll('/', '.'),
      reason: message ?? 'invalid',
    })),
  })
}

/** What Fastify itself refuses: too large, no such media type, broken JSON, a path that cannot be decoded. */
function refusedByFramework(thrown: unknown): Problem | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number') return undefined
  const { statusCode: status, message } = thrown
  if (status < 400 || status > 499) return undefined
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  const kind = FRAMEWORK_KINDS[status] ?? 'bad-request'
  const detail = FRAMEWORK_DETAILS[code] ?? message
  const field = status === 415 ? 'content-type' : code.startsWith('FST_ERR_CTP') ? 'body' : undefined
  const errors = field === undefined ? undefined : [{ field, reason: detail }]
  return new Problem({ status, kind, detail, cause: thrown, ...(errors !== undefined && { errors }) })
}

const FRAMEWORK_KINDS: Readonly<Record<number, string>> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
}

const FRAMEWORK_DETAILS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is larger than this service takes; send less at once.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty; JSON was expected.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not JSON.',
}

function kebab(code: string): string {
  return code.toLowerCase().replaceAll('_', '-')
}
