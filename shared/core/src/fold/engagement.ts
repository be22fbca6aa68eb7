import type { Engaged, Mentioned } from '../event.ts'
import { type EngagementState, type SocialState, SUPPORT_HALF_LIVES } from '../state/customer-state.ts'
import { ENGAGEMENT, SOCIAL } from '../state/groups/index.ts'
import { addDecayed, advance } from './decay.ts'

const BLANK = ENGAGEMENT.blank()
const BLANK_SOCIAL = SOCIAL.blank()

export function foldEngagement(before: EngagementState | undefined, event: Engaged): EngagementState {
  const e = before ?? BLANK
  const { type, time } = event
  const moved = advance(SUPPORT_HALF_LIVES, e.lastAt, time)
  const isEmail = type === 'engagement.email_opened' || type === 'engagement.email_clicked'
  return {
    visits: e.visits + (type === 'engagement.visited' ? 1 : 0),
    logins: e.logins + (type === 'engagement.logged_in' ? 1 : 0),
    emailOpens: e.emailOpens + (type === 'engagement.email_opened' ? 1 : 0),
    emailClicks: e.emailClicks + (type === 'engagement.email_clicked' ? 1 : 0),
    featureUses: e.featureUses + (type === 'engagement.feature_used' ? 1 : 0),
    lastAt: Math.max(e.lastAt, time),
    lastVisitAt: isEmail ? e.lastVisitAt : Math.max(e.lastVisitAt, time),
    decayedVisits: addDecayed(e.decayedVisits, moved, isEmail ? 0 : 1),
    decayedEmail: addDecayed(e.decayedEmail, moved, isEmail ? 1 : 0),
  }
}

export function foldMention(before: SocialState | undefined, event: Mentioned): SocialState {
  const s = before ?? BLANK_SOCIAL
  return {
    mentions: s.mentions + 1,
    sentimentMilli: s.sentimentMilli + Math.round(event.sentiment * 1_000),
    lastAt: Math.max(s.lastAt, event.time),
  }
}
