import { STATUS_CODES } from 'node:http'
import { z } from 'zod'

/** Errors as RFC 9457 problem details: the same shape from every HTTP service, whatever went wrong. */

export const PROBLEM_TYPE = 'application/problem+json'

export const FIELD_ERROR_SCHEMA = z.object({
  field: z.string().describe('Where: a path such as `data.amount`; empty for the whole.'),
  reason: z.string().describe('What was expected and what was found.'),
})
export type FieldError = z.infer<typeof FIELD_ERROR_SCHEMA>

export const PROBLEM_SCHEMA = z.object({
  type: z.string().describe('Names the kind of problem, for programs: `urn:problem-type:holdfast:…`.'),
  title: z.string().describe('The kind of problem in a few words.'),
  status: z.int().min(400).max(599),
  detail: z.string().describe('What was wrong this time, and what to do about it.'),
  instance: z.string().describe('This very request; our log knows it under the same id.'),
  errors: z.array(FIELD_ERROR_SCHEMA).optional().describe('The faults one by one, where there are fields to name.'),
})
export type ProblemDetails = z.infer<typeof PROBLEM_SCHEMA>

export interface ProblemOptions {
  /** 400 to 599. */
  readonly status: number
  /** Kebab-case, stable: the last part of the problem's type. */
  readonly kind: string
  /** Default: the status in words. */
  readonly title?: string
  readonly detail: string
  readonly errors?: readonly FieldError[]
  /** Sent as Retry-After, in whole seconds. */
  readonly retryAfterSeconds?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** Thrown by handlers and hooks; the error handler answers with it. */
export class Problem extends Error {
  readonly status: number
  readonly kind: string
  readonly title: string
  readonly errors: readonly FieldError[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor({ status, kind, title, detail, errors, retryAfterSeconds, headers = {}, cause }: ProblemOptions) {
    super(detail, cause === undefined ? undefined : { cause })
    this.name = 'Problem'
    this.status = status
    this.kind = kind
    this.title = title ?? STATUS_CODES[status] ?? 'Error'
    this.errors = errors
    this.headers =
      retryAfterSeconds === undefined ? headers : { ...headers, 'retry-after': String(Math.ceil(retryAfterSeconds)) }
  }

  /** @param requestId a UUID */
  details(requestId: string): ProblemDetails {
    return {
      type: `urn:problem-type:holdfast:${this.kind}`,
      title: this.title,
      status: this.status,
      detail: this.message,
      instance: `urn:uuid:${requestId}`,
      ...(this.errors !== undefined && { errors: [...this.errors] }),
    }
  }
}

type ProblemResponse = {
  readonly description: string
  readonly content: { readonly 'application/problem+json': { readonly schema: typeof PROBLEM_SCHEMA } }
}

/** For a route's `schema.response`: the named statuses, each answered with problem details. */
export function problemResponses<const S extends number>(...statuses: readonly S[]): Record<S, ProblemResponse> {
  const responses: Record<number, ProblemResponse> = {}
  for (const status of statuses) {
    const description = STATUS_CODES[status] ?? String(status)
    responses[status] = { description, content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } } }
  }
  return responses
}
