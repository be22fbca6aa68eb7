import type { SurveyRequested, SurveyResponded, TicketChanged, TicketOpened, TicketResolved } from '../event.ts'
import { type Own, SUPPORT_HALF_LIVES, type SupportState, type SurveyState } from '../state/customer-state.ts'
import { SURVEY } from '../state/groups/index.ts'
import { addDecayed, advance } from './decay.ts'
import { isLater } from './last-write.ts'

const BLANK_SURVEY = SURVEY.blank()

export function foldTicket(
  s: Own<SupportState>,
  event: TicketOpened | TicketResolved | TicketChanged,
): Own<SupportState> {
  const { time } = event
  const opened = event.type === 'support.ticket_opened' ? 1 : 0
  const complaint = event.type === 'support.ticket_opened' && event.complaint ? 1 : 0
  const escalated = event.type === 'support.ticket_escalated' ? 1 : 0
  // One instant dates all decayed sums of the group, so every event moves all of them.
  const moved = advance(SUPPORT_HALF_LIVES, s.lastAt, time)
  addDecayed(s.decayedTickets, moved, opened)
  addDecayed(s.decayedComplaints, moved, complaint)
  addDecayed(s.decayedEscalations, moved, escalated)
  s.lastAt = Math.max(s.lastAt, time)
  s.opened += opened
  s.complaints += complaint
  s.escalated += escalated
  if (event.type === 'support.ticket_reopened') s.reopened++
  if (event.type === 'support.ticket_resolved') {
    s.resolved++
    if (event.openedAt !== undefined) {
      s.timedResolutions++
      s.resolutionMs += Math.max(0, time - event.openedAt)
    }
  }
  return s
}

export function foldSurvey(before: SurveyState | undefined, event: SurveyRequested | SurveyResponded): SurveyState {
  const s = before ?? BLANK_SURVEY
  const lastAt = Math.max(s.lastAt, event.time)
  if (event.type === 'survey.requested') return { ...s, requested: s.requested + 1, lastAt }
  const wins = isLater(event.time, event.idHash, s.answeredAt, s.answerId)
  return {
    requested: s.requested,
    responded: s.responded + 1,
    scoreSum: s.scoreSum + event.score,
    lastAt,
    answeredAt: wins ? event.time : s.answeredAt,
    answerId: wins ? event.idHash : s.answerId,
    score: wins ? event.score : s.score,
  }
}
