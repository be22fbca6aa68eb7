import { createHash } from 'node:crypto'
import { type Decode, formatTime } from '@holdfast/contracts'
import { type EventType, ROLE_OF_TYPE, type Role } from '@holdfast/core'
import { findFault } from './faults.ts'

/** One event as it goes to Kafka: what was checked is, byte for byte, what is sent. */
export interface ReadyEvent {
  readonly kind: 'ready'
  readonly id: string
  readonly role: Role
  /** The customer: key of the record. */
  readonly subject: string
  readonly value: Buffer
  /** Same source, id and customer, same text: what the fold tells duplicates by. */
  readonly identity: string
  /** Wall clock, ms: the record's timestamp, against which "in the future" was measured. */
  readonly timestamp: number
}

/** Why an event is not taken, in words for whoever sent it. */
export interface RefusedEvent {
  readonly kind: 'refused'
  /** As far as there is one. */
  readonly id: string | null
  /** A path such as `data.amount`; empty for the event as a whole. */
  readonly field: string
  readonly reason: string
  readonly isTooLarge: boolean
}

export type PrepareEvent = (raw: unknown, wallMs: number) => ReadyEvent | RefusedEvent

export interface PrepareOptions {
  /** The risk-worker's own: what passes here is folded there. */
  readonly decode: Decode
  /** Domain time at an instant of the wall clock, ms. */
  readonly domainTime: (wallMs: number) => number
  readonly maxBytes: number
}

/** What the pipeline says of its own actions. A record of something that did not happen would hold real messages back. */
const OWN_TYPES: ReadonlySet<string> = new Set([
  'action.decided',
  'action.delivered',
  'action.suppressed',
  'action.failed',
] satisfies EventType[])

export const ACCEPTED_TYPES: readonly string[] = Object.keys(ROLE_OF_TYPE).filter((type) => !OWN_TYPES.has(type))

/** `,"recordedtime":"2026-11-01T10:00:00.000Z"`: ours, and not the sender's to account for. */
const RECORDED_TIME_BYTES = 42

const SHOWN_ID = 256

export function createPrepare({ decode, domainTime, maxBytes }: PrepareOptions): PrepareEvent {
  return function prepareEvent(raw, wallMs) {
    if (!isObject(raw)) return refuse(null, '', `expected a CloudEvent as a JSON object, got ${nameOf(raw)}`)
    const id = typeof raw.id === 'string' ? raw.id.slice(0, SHOWN_ID) : null
    const { type } = raw
    if (typeof type !== 'string') {
      return refuse(id, 'type', `expected a text such as "purchase.completed", got ${nameOf(type)}`)
    }
    if (!isEventType(type)) {
      const known = ACCEPTED_TYPES.join(', ')
      return refuse(
        id,
        'type',
        `${JSON.stringify(type.slice(0, SHOWN_ID))} is none that is known here; known: ${known}`,
      )
    }
    if (OWN_TYPES.has(type)) return refuse(id, 'type', `${type} is written by Holdfast itself, for what it did`)
    // Before it becomes text again, in which Infinity would be null, and nesting without end an exception.
    const fault = findFault(raw)
    if (fault !== undefined) return refuse(id, fault.field, fault.reason)

    const now = domainTime(wallMs)
    const value = Buffer.from(JSON.stringify({ ...raw, recordedtime: formatTime(now) }))
    if (value.length - RECORDED_TIME_BYTES > maxBytes) {
      const reason = `the event has ${value.length - RECORDED_TIME_BYTES} bytes; at most ${maxBytes} are taken`
      return { ...refuse(id, largestMember(raw), reason), isTooLarge: true }
    }
    const role = ROLE_OF_TYPE[type]
    const decoded = decode(role, value, now)
    if (decoded.kind === 'invalid') return refuse(id, ...split(decoded.reason))
    if (decoded.kind !== 'event' || id === null) return refuse(id, 'type', `${type} is not known here`)
    const subject = decoded.event.customerId
    const identity = identityOf(String(raw.source), String(raw.id), subject)
    return { kind: 'ready', id, role, subject, value, identity, timestamp: wallMs }
  }
}

function refuse(id: string | null, field: string, reason: string): RefusedEvent {
  return { kind: 'refused', id, field, reason, isTooLarge: false }
}

/** The contract's reasons begin with the path of the field, where it is about one. */
function split(reason: string): [field: string, reason: string] {
  const found = /^([a-z]+(?:\.[A-Za-z0-9_]+)*): ([\s\S]+)$/.exec(reason)
  return found === null ? ['', reason] : [found[1] ?? '', found[2] ?? '']
}

/** Lengths first: no two triples give the same text. A digest, so that long ids cost no more memory than short ones. */
function identityOf(source: string, id: string, subject: string): string {
  return createHash('sha1').update(`${source.length}:${id.length}:${source}${id}${subject}`).digest('base64')
}

function largestMember(raw: Readonly<Record<string, unknown>>): string {
  const sizes = Object.entries(raw).map(([name, value]) => ({ name, size: JSON.stringify(value)?.length ?? 0 }))
  return sizes.reduce((a, b) => (b.size > a.size ? b : a), { name: '', size: 0 }).name.slice(0, SHOWN_ID)
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(ROLE_OF_TYPE, type)
}

function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`
}
