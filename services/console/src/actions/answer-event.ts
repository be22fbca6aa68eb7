import { createHash, randomUUID } from 'node:crypto'
import { type CloudEventOf, episodeId, formatTime, parseTime } from '@holdfast/contracts'
import { ACTION_KINDS, ACTION_OF_BAND, type ActionKind, type CustomerState } from '@holdfast/core'
import type { Command } from './command.ts'

/** How the console signs the events that it writes. */
export const SOURCE = '/holdfast/console'

export type AnswerEvent = CloudEventOf<'action.acknowledged' | 'action.snoozed' | 'action.resolved'>

export interface Answer {
  readonly id: string
  readonly customerId: string
  readonly state: CustomerState
  readonly command: Command
  /** Domain time, ms. */
  readonly at: number
}

/** What a person said, as the event that the fold reads. Note and name ride along; the fold does not look at them. */
export function answerEvent({ id, customerId, state, command, at }: Answer): AnswerEvent {
  const envelope = {
    specversion: '1.0',
    id,
    source: SOURCE,
    subject: customerId,
    time: formatTime(at),
  } as const
  const data = {
    ...aboutOf(customerId, state, command.about),
    ...(command.note !== undefined && { note: command.note }),
    ...(command.by !== undefined && { by: command.by }),
  }
  switch (command.action) {
    case 'acknowledge':
      return { ...envelope, type: 'action.acknowledged', data }
    case 'snooze':
      return { ...envelope, type: 'action.snoozed', data: { ...data, until: formatTime(parseTime(command.until)) } }
    case 'resolve':
      return { ...envelope, type: 'action.resolved', data: { ...data, outcome: command.outcome } }
  }
}

/** The kind of contact that is answered, with the episode where the customer's band is the one of that kind. */
function aboutOf(customerId: string, { decided, actions }: CustomerState, named: ActionKind | undefined) {
  const ofBand = decided && ACTION_OF_BAND[decided.band]
  const action = named ?? ofBand ?? newest(actions) ?? 'proactive-outreach'
  if (decided === undefined || action !== ofBand) return { action }
  const { band, enteredAt } = decided
  return { action, episodeId: episodeId(customerId, band, enteredAt), enteredAt: formatTime(enteredAt) }
}

/** The kind of contact that was decided last. */
function newest(actions: CustomerState['actions']): ActionKind | undefined {
  const decidedAt = (kind: ActionKind) => actions[kind]?.decidedAt ?? -1
  return ACTION_KINDS.filter((kind) => decidedAt(kind) >= 0).sort((a, b) => decidedAt(b) - decidedAt(a))[0]
}

/** A new id, or the one that a key always gives for the same customer. */
export function answerId(customerId: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return randomUUID()
  return hash(customerId, idempotencyKey)
}

/** Tells apart what was asked for under one key. */
export function fingerprintOf(command: Command): string {
  return hash(JSON.stringify(Object.entries(command).sort(([a], [b]) => (a < b ? -1 : 1))))
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
