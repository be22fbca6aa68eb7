import type { ActionProgressed, ActionResolved, ActionSnoozed, ActionSuppressed } from '../event.ts'
import type { ActionState } from '../state/customer-state.ts'
import { ACTION } from '../state/groups/index.ts'
import { isLater } from './last-write.ts'

const BLANK = ACTION.blank()

/** The ledger of one kind of action, from what the log says was decided, done and answered. */
export function foldAction(
  before: ActionState | undefined,
  event: ActionProgressed | ActionSuppressed | ActionSnoozed | ActionResolved,
): ActionState {
  const s = before ?? BLANK
  const { time, enteredAt } = event
  switch (event.type) {
    case 'action.decided':
      return isLater(time, enteredAt, s.decidedAt, s.decidedEpisode)
        ? { ...s, decidedAt: time, decidedEpisode: enteredAt }
        : s
    case 'action.delivered': {
      const delivered = s.delivered + 1
      return isLater(time, enteredAt, s.deliveredAt, s.deliveredEpisode)
        ? { ...s, delivered, deliveredAt: time, deliveredEpisode: enteredAt }
        : { ...s, delivered }
    }
    case 'action.failed':
      return { ...s, failedAt: Math.max(s.failedAt, time) }
    case 'action.acknowledged':
      return { ...s, acknowledgedAt: Math.max(s.acknowledgedAt, time) }
    case 'action.suppressed':
      return { ...s, suppressedAt: Math.max(s.suppressedAt, time) }
    case 'action.snoozed':
      return isLater(time, event.idHash, s.snoozedAt, s.snoozedId)
        ? { ...s, snoozedAt: time, snoozedId: event.idHash, snoozedUntil: event.until }
        : s
    case 'action.resolved':
      return isLater(time, event.idHash, s.resolvedAt, s.resolvedId)
        ? { ...s, resolvedAt: time, resolvedId: event.idHash, outcome: event.outcome }
        : s
  }
}
