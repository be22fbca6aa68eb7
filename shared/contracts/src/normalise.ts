import {
  type ActionKind,
  type CustomerEvent,
  type EventType,
  hash48,
  PROFILE_FIELDS,
  type ProfileField,
} from '@holdfast/core'
import type { CloudEvent, CloudEventOf } from './events.ts'
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

type Base = Pick<CustomerEvent, 'customerId' | 'time' | 'knownAt' | 'idHash'>
type Normalise = {
  readonly [T in EventType]: (event: CloudEventOf<T>, base: Base, bounds: Bounds) => CustomerEvent | string
}

/** Length first: no two pairs of source and id give the same text. */
export function eventHash(source: string, id: string): number {
  return hash48(`${source.length}:${source}${id}`)
}

/** Undefined when the instant is fine. */
function outOfBounds(path: string, text: string, time: number, latest: number): string | undefined {
  if (time < 0) return `${path}: ${text} is before 1970`
  if (time > latest) return `${path}: ${text} is dated in the future (its record allows up to ${formatTime(latest)})`
  return undefined
}

/** What all events share, or why it cannot be taken. */
export function normaliseEnvelope(event: CloudEvent, { latest }: Bounds): Base | string {
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
  return { customerId: event.subject, time, knownAt, idHash: eventHash(event.source, event.id) }
}

function amountMinor(data: { readonly amount: string; readonly currency: string }, bounds: Bounds): number | string {
  const minor = bounds.toBaseMinor(data.amount, data.currency)
  if (minor === undefined) return `data.currency: ${data.currency} has no rate; configured: ${bounds.currencies}`
  if (minor >= MAX_MINOR) return `data.amount: ${data.amount} ${data.currency} is not below 10^12 minor units`
  return minor
}

const purchase: Normalise['purchase.completed'] = (event, base, bounds) => {
  const amount = amountMinor(event.data, bounds)
  return typeof amount === 'string' ? amount : { type: event.type, ...base, amountMinor: amount }
}

function reversed(
  event: CloudEventOf<'purchase.refunded'> | CloudEventOf<'purchase.cancelled'>,
  base: Base,
  bounds: Bounds,
): CustomerEvent | string {
  const amount = amountMinor(event.data, bounds)
  return typeof amount === 'string' ? amount : { type: event.type, ...base, amountMinor: amount }
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

function plain<T extends PlainType>(event: { readonly type: T }, base: Base) {
  return { type: event.type, ...base }
}

interface ActionData {
  readonly action: ActionKind
  readonly enteredAt?: string | undefined
}

/** Adds the episode to an action's event. A person who acts without one acts on what there is at that time. */
function acted<F extends object>(data: ActionData, base: Base, bounds: Bounds, own: F) {
  const enteredAt = data.enteredAt === undefined ? base.time : parseTime(data.enteredAt)
  const problem = outOfBounds('data.enteredAt', data.enteredAt ?? '', enteredAt, bounds.latest)
  return problem ?? { ...own, ...base, action: data.action, enteredAt }
}

export const NORMALISE: Normalise = {
  'purchase.completed': purchase,
  'purchase.refunded': reversed,
  'purchase.cancelled': reversed,
  'support.ticket_opened': ({ type, data }, base) => ({ type, ...base, complaint: data.complaint === true }),
  'support.ticket_resolved': ({ type, data }, base, { latest }) => {
    if (data.openedAt === undefined) return { type, ...base, openedAt: undefined }
    const openedAt = parseTime(data.openedAt)
    return outOfBounds('data.openedAt', data.openedAt, openedAt, latest) ?? { type, ...base, openedAt }
  },
  'support.ticket_reopened': plain,
  'support.ticket_escalated': plain,
  'survey.requested': ({ type, data }, base) => ({ type, ...base, kind: data.kind }),
  'survey.responded': ({ type, data }, base) => ({ type, ...base, kind: data.kind, score: data.score }),
  'engagement.visited': plain,
  'engagement.logged_in': plain,
  'engagement.email_opened': plain,
  'engagement.email_clicked': plain,
  'engagement.feature_used': plain,
  'social.mentioned': ({ type, data }, base) => ({ type, ...base, sentiment: data.sentiment }),
  'profile.updated': ({ type, data }, base) => {
    const fields: Partial<Record<ProfileField, string>> = {}
    for (const field of PROFILE_FIELDS) {
      const value = data[field]
      if (value !== undefined) fields[field] = value
    }
    return { type, ...base, fields }
  },
  'consent.changed': ({ type, data }, base) => ({ type, ...base, purpose: data.purpose, granted: data.granted }),
  'contract.change_requested': ({ type, data }, base) => ({ type, ...base, kind: data.kind }),
  'customer.erased': plain,
  'action.decided': ({ type, data }, base, bounds) => acted(data, base, bounds, { type }),
  'action.delivered': ({ type, data }, base, bounds) => acted(data, base, bounds, { type }),
  'action.failed': ({ type, data }, base, bounds) => acted(data, base, bounds, { type }),
  'action.acknowledged': ({ type, data }, base, bounds) => acted(data, base, bounds, { type }),
  'action.suppressed': ({ type, data }, base, bounds) => acted(data, base, bounds, { type, reason: data.reason }),
  'action.snoozed': ({ type, data }, base, bounds) => {
    const until = parseTime(data.until)
    if (until <= base.time) return `data.until: ${data.until} is not after the event's own time`
    return acted(data, base, bounds, { type, until })
  },
  'action.resolved': ({ type, data }, base, bounds) => acted(data, base, bounds, { type, outcome: data.outcome }),
}
