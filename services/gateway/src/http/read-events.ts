import type { IncomingHttpHeaders } from 'node:http'
import { asError, Problem } from '@holdfast/platform'
import { readBinaryEvent } from './binary-mode.ts'

/** The three content modes of the CloudEvents HTTP binding, and plain JSON for convenience. */

export const STRUCTURED = 'application/cloudevents+json'
export const BATCH = 'application/cloudevents-batch+json'
export const JSON_TYPE = 'application/json'

export interface Received {
  /** Each of whatever shape it came in; nothing of it has been checked. */
  readonly events: readonly unknown[]
  /** False for a single event, whose fields need no index to be named. */
  readonly isBatch: boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** @throws Problem 400, 413 or 415 */
export function readEvents(headers: IncomingHttpHeaders, body: Buffer | undefined, maxEvents: number): Received {
  refuseEncodings(headers)
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType === STRUCTURED) return single(parse(body), 'send several as application/cloudevents-batch+json')
  if (mediaType === BATCH) return batch(parse(body), maxEvents)
  if ('ce-specversion' in headers || 'ce-type' in headers || 'ce-id' in headers) {
    const data = body === undefined || body.length === 0 ? undefined : parse(body)
    return { events: [readBinaryEvent(headers, data)], isBatch: false }
  }
  if (mediaType !== JSON_TYPE) {
    throw refusal(415, 'content-type', `expected ${STRUCTURED}, ${BATCH}, or JSON data beside ce-… headers`)
  }
  const value = parse(body)
  return Array.isArray(value) ? batch(value, maxEvents) : single(value, '')
}

function single(value: unknown, hint: string): Received {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { events: [value], isBatch: false }
  const got = Array.isArray(value) ? 'an array' : JSON.stringify(value).slice(0, 60)
  throw refusal(400, 'body', `expected one CloudEvent as a JSON object, got ${got}${hint === '' ? '' : `; ${hint}`}`)
}

function batch(value: unknown, maxEvents: number): Received {
  if (!Array.isArray(value)) throw refusal(400, 'body', 'expected a JSON array of CloudEvents')
  if (value.length > maxEvents) {
    throw refusal(413, 'body', `the batch has ${value.length} events; at most ${maxEvents} are taken at once`)
  }
  return { events: value, isBatch: true }
}

function parse(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) throw refusal(400, 'body', 'expected JSON, got nothing')
  let text: string
  try {
    text = utf8.decode(body)
  } catch (cause) {
    throw refusal(400, 'body', 'not UTF-8', cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refusal(400, 'body', `not JSON: ${asError(cause).message}`, cause)
  }
}

function refuseEncodings(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw refusal(415, 'content-encoding', `expected the body as it is, got ${JSON.stringify(encoding)}`)
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw refusal(415, 'content-type', `expected UTF-8, got the charset ${JSON.stringify(charset)}`)
  }
}

const KINDS = { 400: 'not-an-event', 413: 'too-large', 415: 'unsupported-media-type' } as const

export function refusal(status: keyof typeof KINDS, field: string, reason: string, cause?: unknown): Problem {
  return new Problem({ status, kind: KINDS[status], detail: `${field}: ${reason}`, errors: [{ field, reason }], cause })
}
