import type { SurveyRequested, SurveyResponded, TicketChanged, TicketOpened, TicketResolved } from '../event.ts'
import { SUPPORT_HALF_LIVES, type SupportState, type SurveyState } from '../state/customer-state.ts'
import { SUPPORT, SURVEY } from '../state/groups/index.ts'
import { addDecayed, advance } from './decay.ts'
import { isLater } from './last-write.ts'

const BLANK = SUPPORT.blank()
const BLANK_SURVEY = SURVEY.blank()

export function foldTicket(
  before: SupportState | undefined,
  event: TicketOpened | TicketResolved | TicketChanged,
): SupportState {
  const s = before ?? BLANK
  const { time } = event
  // One instant dates all decayed sums of the group, so every event moves all of them.
  const moved = advance(SUPPORT_HALF_LIVES, s.lastAt, time)
  const opened = event.type === 'support.ticket_opened' ? 1 : 0
  const complaint = event.type === 'support.ticket_opened' && event.complaint ? 1 : 0
  const escalated = event.type === 'support.ticket_escalated' ? 1 : 0
  const openedAt = event.type === 'support.ticket_resolved' ? event.openedAt : undefined
  return {
    opened: s.opened + opened,
    resolved: s.resolved + (event.type === 'support.ticket_resolved' ? 1 : 0),
    reopened: s.reopened + (event.type === 'support.ticket_reopened' ? 1 : 0),
    escalated: s.escalated + escalated,
    complaints: s.complaints + complaint,
    lastAt: Math.max(s.lastAt, time),
    timedResolutions: s.timedResolutions + (openedAt === undefined ? 0 : 1),
    resolutionMs: s.resolutionMs + (openedAt === undefined ? 0 : Math.max(0, time - openedAt)),
    decayedTickets: addDecayed(s.decayedTickets, moved, opened),
    decayedComplaints: addDecayed(s.decayedComplaints, moved, complaint),
    decayedEscalations: addDecayed(s.decayedEscalations, moved, escalated),
  }
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
