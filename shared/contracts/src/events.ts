import { ACTION_KINDS, CONTRACT_CHANGES, type EventType, OUTCOMES, PURPOSES, SURVEY_KINDS } from '@holdfast/core'
import { z } from 'zod'
import {
  amountField,
  choiceField,
  countryField,
  currencyField,
  episodeField,
  expected,
  idField,
  integerField,
  numberField,
  personalField,
  show,
  sourceField,
  subjectField,
  textField,
  timeField,
  timeOf,
  timeZoneField,
} from './fields.ts'
import { quick, type Test, testOf } from './quick.ts'

/**
 * Every event as it travels: structured CloudEvents 1.0, one schema a type. What a schema does not name is allowed and
 * ignored. JSON Schemas and the AsyncAPI document are generated from these.
 */

const envelope = {
  specversion: z.literal('1.0', expected('"1.0"')),
  id: idField,
  source: sourceField,
  subject: subjectField,
  time: timeOf('When it happened: 1970 or later, at most five minutes ahead of the record.'),
  recordedtime: timeOf('When it became known, where that was later; the gateway sets it.').optional(),
}

const object = <S extends z.ZodRawShape>(shape: S) => z.object(shape, expected('an object'))
const flag = (what: string) => z.boolean(expected(what))

const money = { orderId: textField.optional(), amount: amountField, currency: currencyField }
const ticket = { ticketId: textField }
const nothing = object({}).optional()

const survey = [
  object({ kind: z.literal('csat'), score: integerField(1, 5, 'a CSAT score, a whole number from 1 to 5') }),
  object({ kind: z.literal('nps'), score: integerField(0, 10, 'an NPS score, a whole number from 0 to 10') }),
  object({ kind: z.literal('ces'), score: integerField(1, 7, 'a CES score, a whole number from 1 to 7') }),
] as const

const actionKind = choiceField(ACTION_KINDS)
const enteredAt = timeOf('When the customer entered the band that the action answers.')

/** What the pipeline itself reports: always of an episode. */
const ofEpisode = { action: actionKind, episodeId: episodeField, enteredAt }

/** What a person may also report of their own accord; without `enteredAt` the event's own time stands for it. */
const ofPerson = { action: actionKind, episodeId: episodeField.optional(), enteredAt: enteredAt.optional() }

function event<const T extends EventType, D extends z.ZodType>(type: T, data: D) {
  return quick(z.object({ ...envelope, type: z.literal(type), data }), eventTest(type, testOf(data)))
}

const isId = testOf(idField)
const isSource = testOf(sourceField)
const isSubject = testOf(subjectField)
const isTime = testOf(envelope.time)

/** Written out, unlike the test of other objects: every record passes here, and a field that is named is found several times faster. */
function eventTest(type: EventType, isData: Test): Test {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    const event = value as { readonly [K in keyof typeof envelope | 'type' | 'data']?: unknown }
    return (
      event.specversion === '1.0' &&
      event.type === type &&
      isId(event.id) &&
      isSource(event.source) &&
      isSubject(event.subject) &&
      isTime(event.time) &&
      (event.recordedtime === undefined || isTime(event.recordedtime)) &&
      isData(event.data)
    )
  }
}

export const EVENT_SCHEMAS = {
  'purchase.completed': event(
    'purchase.completed',
    object({
      ...money,
      units: numberField(0, Number.MAX_SAFE_INTEGER, 'a number, 0 or more').optional(),
      channel: textField.optional(),
      campaignId: textField.optional(),
    }),
  ),
  'purchase.refunded': event('purchase.refunded', object(money)),
  'purchase.cancelled': event('purchase.cancelled', object(money)),
  'support.ticket_opened': event(
    'support.ticket_opened',
    object({
      ...ticket,
      channel: textField.optional(),
      priority: textField.optional(),
      complaint: flag('true or false').optional(),
    }),
  ),
  'support.ticket_resolved': event('support.ticket_resolved', object({ ...ticket, openedAt: timeField.optional() })),
  'support.ticket_reopened': event('support.ticket_reopened', object(ticket)),
  'support.ticket_escalated': event('support.ticket_escalated', object(ticket)),
  'survey.requested': event('survey.requested', object({ kind: choiceField(SURVEY_KINDS) })),
  'survey.responded': event(
    'survey.responded',
    z.discriminatedUnion('kind', survey, {
      error: ({ input }) =>
        typeof input === 'object' && input !== null && 'kind' in input
          ? `expected one of ${SURVEY_KINDS.join(', ')}, got ${show(input.kind)}`
          : `expected an object with a kind of ${SURVEY_KINDS.join(', ')}, got ${show(input)}`,
    }),
  ),
  'engagement.visited': event('engagement.visited', nothing),
  'engagement.logged_in': event('engagement.logged_in', nothing),
  'engagement.email_opened': event('engagement.email_opened', nothing),
  'engagement.email_clicked': event('engagement.email_clicked', nothing),
  'engagement.feature_used': event('engagement.feature_used', object({ feature: textField })),
  'social.mentioned': event(
    'social.mentioned',
    object({ sentiment: numberField(-1, 1, 'a number from -1 (hostile) to 1 (friendly)') }),
  ),
  'profile.updated': event(
    'profile.updated',
    object({
      email: personalField.optional(),
      name: personalField.optional(),
      locale: personalField.optional(),
      timezone: timeZoneField.optional(),
      country: countryField.optional(),
      tier: personalField.optional(),
      acquisitionChannel: personalField.optional(),
      referredBy: personalField.optional(),
      ownerId: personalField.optional(),
    }),
  ),
  'consent.changed': event(
    'consent.changed',
    object({ purpose: choiceField(PURPOSES), granted: flag('true or false') }),
  ),
  'contract.change_requested': event('contract.change_requested', object({ kind: choiceField(CONTRACT_CHANGES) })),
  'customer.erased': event('customer.erased', nothing),
  'action.decided': event('action.decided', object(ofEpisode)),
  'action.delivered': event('action.delivered', object(ofEpisode)),
  'action.failed': event('action.failed', object({ ...ofEpisode, reason: textField.optional() })),
  'action.suppressed': event('action.suppressed', object({ ...ofEpisode, reason: textField })),
  'action.acknowledged': event('action.acknowledged', object(ofPerson)),
  'action.snoozed': event('action.snoozed', object({ ...ofPerson, until: timeField })),
  'action.resolved': event('action.resolved', object({ ...ofPerson, outcome: choiceField(OUTCOMES) })),
} as const

/** The CloudEvent of each type, as producers write it. */
export type CloudEvents = { readonly [T in EventType]: z.input<(typeof EVENT_SCHEMAS)[T]> }
export type CloudEventOf<T extends EventType> = CloudEvents[T]
export type CloudEvent = CloudEvents[EventType]
