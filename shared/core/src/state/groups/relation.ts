import { NEVER } from '../../time.ts'
import {
  type ContractState,
  type EngagementState,
  type SocialState,
  SUPPORT_HALF_LIVES,
  type SupportState,
  type SurveyState,
} from '../customer-state.ts'
import { type Group, type OwnableGroup, zeros } from './group.ts'

export const SUPPORT: OwnableGroup<SupportState> = {
  blank: () => ({
    opened: 0,
    resolved: 0,
    reopened: 0,
    escalated: 0,
    complaints: 0,
    lastAt: NEVER,
    timedResolutions: 0,
    resolutionMs: 0,
    decayedTickets: zeros(SUPPORT_HALF_LIVES),
    decayedComplaints: zeros(SUPPORT_HALF_LIVES),
    decayedEscalations: zeros(SUPPORT_HALF_LIVES),
  }),
  copy: (g) => ({
    ...g,
    decayedTickets: g.decayedTickets.slice(),
    decayedComplaints: g.decayedComplaints.slice(),
    decayedEscalations: g.decayedEscalations.slice(),
  }),
  write(s, g) {
    s.uint('opened', g.opened)
    s.uint('resolved', g.resolved)
    s.uint('reopened', g.reopened)
    s.uint('escalated', g.escalated)
    s.uint('complaints', g.complaints)
    s.time('newest', g.lastAt)
    s.uint('resolutions with a known opening', g.timedResolutions)
    s.uint('time to resolve in all, ms', g.resolutionMs)
    s.decayed('decayed tickets', SUPPORT_HALF_LIVES, g.decayedTickets)
    s.decayed('decayed complaints', SUPPORT_HALF_LIVES, g.decayedComplaints)
    s.decayed('decayed escalations', SUPPORT_HALF_LIVES, g.decayedEscalations)
  },
  read(r) {
    return {
      opened: r.uint(),
      resolved: r.uint(),
      reopened: r.uint(),
      escalated: r.uint(),
      complaints: r.uint(),
      lastAt: r.time(),
      timedResolutions: r.uint(),
      resolutionMs: r.uint(),
      decayedTickets: r.decayed(SUPPORT_HALF_LIVES),
      decayedComplaints: r.decayed(SUPPORT_HALF_LIVES),
      decayedEscalations: r.decayed(SUPPORT_HALF_LIVES),
    }
  },
}

export const SURVEY: Group<SurveyState> = {
  blank: () => ({ requested: 0, responded: 0, scoreSum: 0, lastAt: NEVER, answeredAt: NEVER, answerId: 0, score: 0 }),
  write(s, g) {
    s.uint('requested', g.requested)
    s.uint('answered', g.responded)
    s.uint('sum of scores', g.scoreSum)
    s.time('newest', g.lastAt)
    s.time('newest answer', g.answeredAt)
    s.hash('its id', g.answerId)
    s.byte('its score', g.score)
  },
  read(r) {
    return {
      requested: r.uint(),
      responded: r.uint(),
      scoreSum: r.uint(),
      lastAt: r.time(),
      answeredAt: r.time(),
      answerId: r.hash(),
      score: r.byte(),
    }
  },
}

export const ENGAGEMENT: OwnableGroup<EngagementState> = {
  blank: () => ({
    visits: 0,
    logins: 0,
    emailOpens: 0,
    emailClicks: 0,
    featureUses: 0,
    lastAt: NEVER,
    lastVisitAt: NEVER,
    decayedVisits: zeros(SUPPORT_HALF_LIVES),
    decayedEmail: zeros(SUPPORT_HALF_LIVES),
  }),
  copy: (g) => ({ ...g, decayedVisits: g.decayedVisits.slice(), decayedEmail: g.decayedEmail.slice() }),
  write(s, g) {
    s.uint('visits', g.visits)
    s.uint('logins', g.logins)
    s.uint('e-mails opened', g.emailOpens)
    s.uint('e-mails clicked', g.emailClicks)
    s.uint('features used', g.featureUses)
    s.time('newest', g.lastAt)
    s.time('newest visit, login or feature use', g.lastVisitAt)
    s.decayed('decayed visits', SUPPORT_HALF_LIVES, g.decayedVisits)
    s.decayed('decayed e-mail opens and clicks', SUPPORT_HALF_LIVES, g.decayedEmail)
  },
  read(r) {
    return {
      visits: r.uint(),
      logins: r.uint(),
      emailOpens: r.uint(),
      emailClicks: r.uint(),
      featureUses: r.uint(),
      lastAt: r.time(),
      lastVisitAt: r.time(),
      decayedVisits: r.decayed(SUPPORT_HALF_LIVES),
      decayedEmail: r.decayed(SUPPORT_HALF_LIVES),
    }
  },
}

export const SOCIAL: Group<SocialState> = {
  blank: () => ({ mentions: 0, sentimentMilli: 0, lastAt: NEVER }),
  write(s, g) {
    s.uint('mentions', g.mentions)
    // Zigzag: the sum may be negative.
    const { sentimentMilli: sum } = g
    s.uint('sum of sentiments in thousandths, zigzag', sum < 0 ? -2 * sum - 1 : 2 * sum)
    s.time('newest', g.lastAt)
  },
  read(r) {
    const mentions = r.uint()
    const zigzag = r.uint()
    return {
      mentions,
      sentimentMilli: zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2,
      lastAt: r.time(),
    }
  },
}

export const CONTRACT: Group<ContractState> = {
  blank: () => ({
    counts: { upgrade: 0, downgrade: 0, pause: 0, cancel: 0 },
    lastAt: NEVER,
    decayedDowngrade: 0,
    decayedPause: 0,
    decayedCancel: 0,
  }),
  write(s, g) {
    s.uint('upgrades asked for', g.counts.upgrade)
    s.uint('downgrades asked for', g.counts.downgrade)
    s.uint('pauses asked for', g.counts.pause)
    s.uint('cancellations asked for', g.counts.cancel)
    s.time('newest', g.lastAt)
    s.float64('decayed downgrades, half-life 90 d', g.decayedDowngrade)
    s.float64('decayed pauses, half-life 90 d', g.decayedPause)
    s.float64('decayed cancellations, half-life 90 d', g.decayedCancel)
  },
  read(r) {
    return {
      counts: { upgrade: r.uint(), downgrade: r.uint(), pause: r.uint(), cancel: r.uint() },
      lastAt: r.time(),
      decayedDowngrade: r.float64(),
      decayedPause: r.float64(),
      decayedCancel: r.float64(),
    }
  },
}
