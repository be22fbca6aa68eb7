import type { EventType } from './event.ts'
import { Reader, type Writer } from './state/codec.ts'

/** What a timeline can show. The order is stored: append only. */
export const TIMELINE_KINDS = [
  'purchase.completed',
  'purchase.refunded',
  'purchase.cancelled',
  'support.ticket_opened',
  'support.ticket_resolved',
  'support.ticket_reopened',
  'support.ticket_escalated',
  'survey.requested',
  'survey.responded',
  'engagement.visited',
  'engagement.logged_in',
  'engagement.email_opened',
  'engagement.email_clicked',
  'engagement.feature_used',
  'social.mentioned',
  'profile.updated',
  'consent.changed',
  'contract.change_requested',
  'customer.erased',
  'action.decided',
  'action.delivered',
  'action.failed',
  'action.acknowledged',
  'action.suppressed',
  'action.snoozed',
  'action.resolved',
  'band.prospect',
  'band.healthy',
  'band.watch',
  'band.at_risk',
  'band.lapsed',
] as const satisfies readonly (EventType | `band.${string}`)[]
export type TimelineKind = (typeof TIMELINE_KINDS)[number]

/** One line of a customer's timeline. */
export interface TimelineEntry {
  readonly kind: TimelineKind
  readonly time: number
  /** Amount in minor units, survey score, probability, end of a snooze: what the kind suggests; 0 where it has none. */
  readonly detail: number
}

/** Every entry has this many bytes, so that a timeline is capped by cutting bytes off its end. */
export const TIMELINE_ENTRY_BYTES = 15

/** The timeline of whom nothing is known yet. */
export const NO_TIMELINE = new Uint8Array(0)

const CODES: ReadonlyMap<TimelineKind, number> = new Map(TIMELINE_KINDS.map((kind, code) => [kind, code]))

/**
 * Writes a timeline, newest entry first: what came now, and behind it what was written before, as far as there is room.
 * @param came newest last
 * @param most entries
 */
export function writeTimeline(writer: Writer, came: readonly TimelineEntry[], before: Uint8Array, most: number): void {
  const first = Math.max(0, came.length - most)
  for (let i = came.length - 1; i >= first; i--) {
    const { kind, time, detail } = came[i]!
    writer.byte('kind', CODES.get(kind)!)
    writer.time('time', time)
    writer.float64('detail', detail)
  }
  writer.copy(before, Math.min(before.length, (most - (came.length - first)) * TIMELINE_ENTRY_BYTES))
}

/** Entries, newest first. */
export function decodeTimeline(bytes: Uint8Array): readonly TimelineEntry[] {
  const reader = new Reader(bytes)
  const entries: TimelineEntry[] = []
  while (reader.left >= TIMELINE_ENTRY_BYTES) {
    const kind = TIMELINE_KINDS[reader.byte()] ?? 'profile.updated'
    entries.push({ kind, time: reader.time(), detail: reader.float64() })
  }
  return entries
}
