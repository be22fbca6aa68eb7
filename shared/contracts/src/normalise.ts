import {
  type ActionKind,
  type CustomerEvent,
  type EventType,
  hash48Joined,
  PROFILE_FIELDS,
  type ProfileField,
} from '@holdfast/core'
import type { CloudEvent, CloudEventOf } from './events.ts'
import { MAX_SOURCE_CHARACTERS } from './fields.ts'
import { MAX_MINOR, type ToBaseMinor } from './money.ts'
import { formatTime, parseTime } from './time.ts'

/** CloudEvents that their schema has passed, to the core's units; a text instead of an event says what is wrong. */

export interface Bounds {
  /** Converts an amount to the base currency. */
  readonly toBaseMinor: ToBaseMinor
  /** Names the currencies that can be converted, for whoever sent another. */
  readonly currencies: string
  /** The latest instant that is not "in the future", ms. */
  readonly latest: number
}

/** What all events share. A reader has one, and fills it anew for each event. */
export interface Envelope<T extends EventType> {
  /** One text for all events of a type: each record brings a copy of its own, and hundreds of thousands may be kept. */
  readonly type: T
  customerId: string
  time: number
  knownAt: number
  idHash: number
}

type Normalise = {
  readonly [T in EventType]: (
    data: CloudEventOf<T>['data'],
    envelope: Envelope<T>,
    bounds: Bounds,
  ) => CustomerEvent | string
}

const LENGTHS = Array.from({ length: MAX_SOURCE_CHARACTERS + 1 }, (_, length) => `${length}:`)

/** Length first: no two pairs of source and id give the same text. */
export function eventHash(source: string, id: string): number {
  return hash48Joined(LENGTHS[source.length] ?? `${source.length}:`, source, id)
}

/** Undefined when the instant is fine. */
function outOfBounds(path: string, text: string, time: number, latest: number): string | undefined {
  if (time < 0) return `${path}: ${text} is before 1970`
  if (time > latest) return `${path}: ${text} is dated in the future (its record allows up to ${formatTime(latest)})`
  return undefined
}

/** Fills in what all events share, or says why it cannot be taken. */
export function normaliseEnvelope(
  event: Pick<CloudEvent, 'id' | 'source' | 'subject' | 'time' | 'recordedtime'>,
  { latest }: Bounds,
  envelope: Envelope<EventType>,
): string | undefined {
  const time = parseTime(event.time)
  const problem = outOfBounds('time', event.time, time, latest)
  if (problem !== undefined) return problem
  let knownAt = time
  if (event.recordedtime !== undefined) {
    const recorded = parseTime(event.recordedtime)
    const problem = outOfBounds('recordedtime', event.recordedtime, recorded, latest)
    if (problem !== undefined) return problem
    knownAt = Math.max(time, recorded)
  }
  envelope.customerId = event.subject
  envelope.time = time
  envelope.knownAt = knownAt
  envelope.idHash = eventHash(event.source, event.id)
  return undefined
}

function amountMinor(data: { readonly amount: string; readonly currency: string }, bounds: Bounds): number | string {
  const minor = bounds.toBaseMinor(data.amount, data.currency)
  if (minor === undefined) return `data.currency: ${data.currency} has no rate; configured: ${bounds.currencies}`
  if (minor >= MAX_MINOR) return `data.amount: ${data.amount} ${data.currency} is not below 10^12 minor units`
  return minor
}

// Each event is written out field by field, in one order: events of a type then have one shape in memory, and nothing is copied.

type PaidType = 'purchase.completed' | 'purchase.refunded' | 'purchase.cancelled'

function paid(
  data: CloudEventOf<PaidType>['data'],
  { type, customerId, time, knownAt, idHash }: Envelope<PaidType>,
  bounds: Bounds,
): CustomerEvent | string {
  const amount = amountMinor(data, bounds)
  if (typeof amount === 'string') return amount
  return { type, customerId, time, knownAt, idHash, amountMinor: amount }
}

/** Events that say all in their type. */
type PlainType =
  | 'support.ticket_reopened'
  | 'support.ticket_escalated'
  | 'engagement.visited'
  | 'engagement.logged_in'
  | 'engagement.email_opened'
  | 'engagement.email_clicked'
  | 'engagement.feature_used'
  | 'customer.erased'

function plain<T extends PlainType>(_: unknown, { type, customerId, time, knownAt, idHash }: Envelope<T>) {
  return { type, customerId, time, knownAt, idHash }
}

interface ActionData {
  readonly action: ActionKind
  readonly enteredAt?: string | undefined
}

/** Adds the episode to an action's event. A person who acts without one acts on what there is at that time. */
function acted<T extends EventType, F extends object>(data: ActionData, envelope: Envelope<T>, bounds: Bounds, own: F) {
  const enteredAt = data.enteredAt === undefined ? envelope.time : parseTime(data.enteredAt)
  const problem = outOfBounds('data.enteredAt', data.enteredAt ?? '', enteredAt, bounds.latest)
  return problem ?? { ...own, ...envelope, action: data.action, enteredAt }
}

function profileFields(data: CloudEventOf<'profile.updated'>['data']): Partial<Record<ProfileField, string>> {
  const fields: Partial<Record<ProfileField, string>> = {}
  for (const field of PROFILE_FIELDS) {
    const value = data[field]
    if (value !== undefined) fields[field] = value
  }
  return fields
}

export const NORMALISE: Normalise = {
  'purchase.completed': paid,
  'purchase.refunded': paid,
  'purchase.cancelled': paid,
  'support.ticket_opened': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, complaint: data.complaint === true }
  },
  'support.ticket_resolved': (data, { type, customerId, time, knownAt, idHash }, { latest }) => {
    if (data.openedAt === undefined) return { type, customerId, time, knownAt, idHash, openedAt: undefined }
    const openedAt = parseTime(data.openedAt)
    const problem = outOfBounds('data.openedAt', data.openedAt, openedAt, latest)
    return problem ?? { type, customerId, time, knownAt, idHash, openedAt }
  },
  'support.ticket_reopened': plain,
  'support.ticket_escalated': plain,
  'survey.requested': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, kind: data.kind }
  },
  'survey.responded': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, kind: data.kind, score: data.score }
  },
  'engagement.visited': plain,
  'engagement.logged_in': plain,
  'engagement.email_opened': plain,
  'engagement.email_clicked': plain,
  'engagement.feature_used': plain,
  'social.mentioned': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, sentiment: data.sentiment }
  },
  'profile.updated': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, fields: profileFields(data) }
  },
  'consent.changed': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, purpose: data.purpose, granted: data.granted }
  },
  'contract.change_requested': (data, { type, customerId, time, knownAt, idHash }) => {
    return { type, customerId, time, knownAt, idHash, kind: data.kind }
  },
  'customer.erased': plain,
  'action.decided': (data, envelope, bounds) => acted(data, envelope, bounds, {}),
  'action.delivered': (data, envelope, bounds) => acted(data, envelope, bounds, {}),
  'action.failed': (data, envelope, bounds) => acted(data, envelope, bounds, {}),
  'action.acknowledged': (data, envelope, bounds) => acted(data, envelope, bounds, {}),
  'action.suppressed': (data, envelope, bounds) => acted(data, envelope, bounds, { reason: data.reason }),
  'action.snoozed': (data, envelope, bounds) => {
    const until = parseTime(data.until)
    if (until <= envelope.time) return `data.until: ${data.until} is not after the event's own time`
    return acted(data, envelope, bounds, { until })
  },
  'action.resolved': (data, envelope, bounds) => acted(data, envelope, bounds, { outcome: data.outcome }),
}
