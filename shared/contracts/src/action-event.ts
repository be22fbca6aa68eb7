import type { ActionKind, Outcome } from '@holdfast/core'
import { type Episode, episodeId } from './episode.ts'
import type { CloudEvent, CloudEventOf } from './events.ts'
import type { RiskChange } from './risk-change.ts'
import { formatTime } from './time.ts'

/** The events that the pipeline writes itself. */

/** What became of an action; instants in ms. */
export type ActionStep =
  | { readonly type: 'action.decided' | 'action.delivered' | 'action.acknowledged' }
  | { readonly type: 'action.failed'; readonly reason?: string }
  | { readonly type: 'action.suppressed'; readonly reason: string }
  | { readonly type: 'action.snoozed'; readonly until: number }
  | { readonly type: 'action.resolved'; readonly outcome: Outcome }

export type ActionEvent = CloudEventOf<Extract<CloudEvent['type'], `action.${string}`>>

/** What a person does may be done again: their events are told apart by the instant. */
const REPEATABLE: ReadonlySet<ActionStep['type']> = new Set([
  'action.acknowledged',
  'action.snoozed',
  'action.resolved',
])

/**
 * A CloudEvent about an action. Its id follows from episode and step (`at_risk.1793527200000.cust-42/delivered`), so
 * whoever writes it again after a crash writes a duplicate, which the fold drops.
 * @param at when it happened, ms in domain time
 * @param source the service that says so, such as `/holdfast/risk-worker`
 */
export function actionEvent(
  episode: Episode,
  action: ActionKind,
  step: ActionStep,
  at: number,
  source: string,
): ActionEvent {
  const id = episodeId(episode.customerId, episode.band, episode.enteredAt)
  const verb = step.type.slice('action.'.length)
  const envelope = {
    specversion: '1.0',
    id: `${id}/${verb}${particular(step, at)}`,
    source,
    subject: episode.customerId,
    time: formatTime(at),
  } as const
  const data = { action, episodeId: id, enteredAt: formatTime(episode.enteredAt) }
  switch (step.type) {
    case 'action.failed':
      return { ...envelope, type: step.type, data: step.reason === undefined ? data : { ...data, reason: step.reason } }
    case 'action.suppressed':
      return { ...envelope, type: step.type, data: { ...data, reason: step.reason } }
    case 'action.snoozed':
      return { ...envelope, type: step.type, data: { ...data, until: formatTime(step.until) } }
    case 'action.resolved':
      return { ...envelope, type: step.type, data: { ...data, outcome: step.outcome } }
    default:
      return { ...envelope, type: step.type, data }
  }
}

/** What tells apart several events of one type about one episode: a snooze that holds it back is another reason than no consent after it. */
function particular(step: ActionStep, at: number): string {
  if (step.type === 'action.suppressed') return `/${step.reason}`
  return REPEATABLE.has(step.type) ? `/${at}` : ''
}

/** The value of a Kafka record; its key is the event's subject. */
export function encodeEvent(event: CloudEvent | RiskChange): Buffer {
  return Buffer.from(JSON.stringify(event))
}
