import type { Engaged, Mentioned } from '../event.ts'
import { type EngagementState, type Own, type SocialState, SUPPORT_HALF_LIVES } from '../state/customer-state.ts'
import { SOCIAL } from '../state/groups/index.ts'
import { addDecayed, advance } from './decay.ts'

const BLANK_SOCIAL = SOCIAL.blank()

export function foldEngagement(e: Own<EngagementState>, { type, time }: Engaged): Own<EngagementState> {
  const isEmail = type === 'engagement.email_opened' || type === 'engagement.email_clicked'
  const moved = advance(SUPPORT_HALF_LIVES, e.lastAt, time)
  addDecayed(e.decayedVisits, moved, isEmail ? 0 : 1)
  addDecayed(e.decayedEmail, moved, isEmail ? 1 : 0)
  e.lastAt = Math.max(e.lastAt, time)
  if (!isEmail) e.lastVisitAt = Math.max(e.lastVisitAt, time)
  if (type === 'engagement.visited') e.visits++
  else if (type === 'engagement.logged_in') e.logins++
  else if (type === 'engagement.email_opened') e.emailOpens++
  else if (type === 'engagement.email_clicked') e.emailClicks++
  else e.featureUses++
  return e
}

export function foldMention(before: SocialState | undefined, event: Mentioned): SocialState {
  const s = before ?? BLANK_SOCIAL
  return {
    mentions: s.mentions + 1,
    sentimentMilli: s.sentimentMilli + Math.round(event.sentiment * 1_000),
    lastAt: Math.max(s.lastAt, event.time),
  }
}
