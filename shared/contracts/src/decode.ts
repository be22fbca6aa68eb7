import { type CustomerEvent, type EventType, ROLE_OF_TYPE, type Role } from '@holdfast/core'
import type { z } from 'zod'
import { type CloudEvents, EVENT_SCHEMAS } from './events.ts'
import { isSubject, show } from './fields.ts'
import { createConverter } from './money.ts'
import { type TopicNames, topicNames } from './names.ts'
import { type Bounds, type Envelope, NORMALISE, normaliseEnvelope } from './normalise.ts'
import { acceptorOf } from './quick.ts'
import { createScannedReader } from './scanned-event.ts'

/** What a record turned out to be. Everything but an event is an outcome to count, none an exception. */
export type Decoded =
  | { readonly kind: 'event'; readonly event: CustomerEvent }
  | { readonly kind: 'unknown_type'; readonly type: string }
  /** `reason` says where, what was expected and what was found; `subject` is there if it at least was good. */
  | { readonly kind: 'invalid'; readonly reason: string; readonly subject?: string }

export interface DecoderOptions {
  /** ISO 4217 code of the base currency. */
  readonly base: string
  /** By currency: units of the base currency that one unit buys, as decimal strings. */
  readonly rates?: Readonly<Record<string, string>>
  /** How far an event may be dated ahead of its record; five minutes by default. */
  readonly futureToleranceMs?: number
  /** Only to name the right topic to somebody who chose the wrong one. */
  readonly topics?: TopicNames
}

/**
 * @param role of the topic that the record was read from
 * @param recordTimeMs the record's timestamp, ms in domain time: the instant against which "in the future" is measured
 */
export type Decode = (role: Role, value: Uint8Array | null, recordTimeMs: number) => Decoded

type Reader = (raw: object, bounds: Bounds) => CustomerEvent | string

const SCHEMAS: { readonly [T in EventType]: z.ZodType<CloudEvents[T], CloudEvents[T]> } = EVENT_SCHEMAS

function createReader<T extends EventType>(type: T): Reader {
  const schema = SCHEMAS[type]
  const normalise = NORMALISE[type]
  const accepts = acceptorOf(schema)
  const envelope: Envelope<T> = { type, customerId: '', time: 0.5, knownAt: 0.5, idHash: 0.5 }
  return function readEvent(raw, bounds) {
    let event: CloudEvents[T]
    if (accepts(raw)) {
      event = raw
    } else {
      const parsed = schema.safeParse(raw)
      if (!parsed.success) return explain(parsed.error)
      event = parsed.data
    }
    return normaliseEnvelope(event, bounds, envelope) ?? normalise(event.data, envelope, bounds)
  }
}

/** The first thing that is wrong, as `path: message`. */
function explain(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'not an event'
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(ROLE_OF_TYPE, type)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** @throws Error when a currency or a rate is not one. */
export function createDecoder(options: DecoderOptions): Decode {
  const { base, rates = {}, futureToleranceMs = 300_000, topics = topicNames() } = options
  const toBaseMinor = createConverter(base, rates)
  const currencies = [base, ...Object.keys(rates)].join(', ')
  const readScanned = createScannedReader()
  const readParsed = createParsedReader(topics)

  return function decode(role, value, recordTimeMs) {
    if (value === null || value.length === 0) return { kind: 'invalid', reason: 'empty value' }
    const bounds = { toBaseMinor, currencies, latest: recordTimeMs + futureToleranceMs }
    const event = readScanned(role, asBuffer(value), bounds)
    return event === undefined ? readParsed(role, value, bounds) : { kind: 'event', event }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Reads every event that is one, and says of all else what is wrong with it. */
export function createParsedReader(topics: TopicNames): (role: Role, value: Uint8Array, bounds: Bounds) => Decoded {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const readers = new Map(
    Object.keys(EVENT_SCHEMAS)
      .filter(isEventType)
      .map((type) => [type as string, { role: ROLE_OF_TYPE[type], read: createReader(type) }] as const),
  )

  return function readParsed(role, value, bounds) {
    let raw: unknown
    try {
      raw = JSON.parse(utf8.decode(value))
    } catch (error) {
      const what = error instanceof SyntaxError ? `not JSON: ${messageOf(error)}` : 'not UTF-8'
      return { kind: 'invalid', reason: what }
    }
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      return { kind: 'invalid', reason: `expected a CloudEvent as a JSON object, got ${show(raw)}` }
    }
    const type = 'type' in raw ? raw.type : undefined
    if (typeof type !== 'string')
      return invalid(raw, `type: expected a text such as "purchase.completed", got ${show(type)}`)
    const reader = readers.get(type)
    if (reader === undefined) return { kind: 'unknown_type', type }
    if (reader.role !== role)
      return invalid(raw, `type: ${type} belongs on ${topics[reader.role]}, not on ${topics[role]}`)
    const event = reader.read(raw, bounds)
    return typeof event === 'string' ? invalid(raw, event) : { kind: 'event', event }
  }
}

function invalid(raw: object, reason: string): Decoded {
  const subject =
    'subject' in raw && typeof raw.subject === 'string' && isSubject(raw.subject) ? raw.subject : undefined
  return subject === undefined ? { kind: 'invalid', reason } : { kind: 'invalid', reason, subject }
}
