import { OUTCOMES } from '../event.ts'
import { NEVER } from '../time.ts'
import type { Codec } from './codec.ts'
import {
  type ActionState,
  BANDS,
  type ConsentState,
  type ContractState,
  type Decided,
  DISPOSITIONS,
  type EngagementState,
  PURCHASE_HALF_LIVES,
  type PurchaseState,
  RECENT_PURCHASES,
  type ReversalState,
  type SocialState,
  SUPPORT_HALF_LIVES,
  type SupportState,
  type SurveyState,
} from './customer-state.ts'

type Mutable<G> = { -readonly [K in keyof G]: G[K] }

/** A group of the state: what it is before anything was read into it, and the walk over its fields (see `Codec`). */
export interface Group<G> {
  blank(): G
  walk(codec: Codec, group: Mutable<G>): void
}

const zeros = (halfLives: readonly number[]): number[] => halfLives.map(() => 0)

export const RING: Group<{ ids: readonly number[] }> = {
  blank: () => ({ ids: [] }),
  walk(c, g) {
    const ids: number[] = []
    const length = c.byte('number of ids', g.ids.length)
    for (let i = 0; i < length; i++) ids.push(c.hash('id', g.ids[i] ?? 0))
    g.ids = ids
  },
}

export const PURCHASES: Group<PurchaseState> = {
  blank: () => ({
    count: 0,
    spendMinor: 0,
    firstAt: NEVER,
    secondAt: NEVER,
    recent: [],
    firstMinor: 0,
    lastMinor: 0,
    largestMinor: 0,
    monthsLow: 0,
    monthsHigh: 0,
    decayedCount: zeros(PURCHASE_HALF_LIVES),
    decayedSpend: zeros(PURCHASE_HALF_LIVES),
  }),
  walk(c, g) {
    g.count = c.uint('purchases', g.count)
    g.spendMinor = c.uint('gross spend, minor units', g.spendMinor)
    g.firstAt = c.time('first purchase', g.firstAt)
    const second = c.uint(
      'second purchase, ms after the first, plus 1',
      g.secondAt === NEVER ? 0 : g.secondAt - g.firstAt + 1,
    )
    g.secondAt = second === 0 ? NEVER : g.firstAt + second - 1
    g.recent = walkRecent(c, g.count, g.recent)
    g.firstMinor = c.uint('first amount, minor units', g.firstMinor)
    g.lastMinor = c.uint('last amount, minor units', g.lastMinor)
    g.largestMinor = c.uint('largest amount, minor units', g.largestMinor)
    g.monthsLow = c.word('months with a purchase, newest 32', g.monthsLow)
    g.monthsHigh = c.word('months with a purchase, 32 before', g.monthsHigh)
    g.decayedCount = c.decayed('decayed purchases', PURCHASE_HALF_LIVES, g.decayedCount)
    g.decayedSpend = c.decayed('decayed spend', PURCHASE_HALF_LIVES, g.decayedSpend)
  },
}

function walkRecent(c: Codec, count: number, recent: readonly number[]): number[] {
  const times: number[] = []
  const length = Math.min(count, RECENT_PURCHASES)
  for (let i = 0; i < length; i++) {
    const before = times[i - 1]
    if (before === undefined) times.push(c.time('newest purchase', recent[0] ?? NEVER))
    else times.push(before - c.uint('ms to the purchase before', before - (recent[i] ?? before)))
  }
  return times
}

export const REVERSALS: Group<ReversalState> = {
  blank: () => ({
    refunds: 0,
    cancellations: 0,
    amountMinor: 0,
    lastAt: NEVER,
    decayedCount: zeros(SUPPORT_HALF_LIVES),
  }),
  walk(c, g) {
    g.refunds = c.uint('refunds', g.refunds)
    g.cancellations = c.uint('cancellations', g.cancellations)
    g.amountMinor = c.uint('refunded and cancelled, minor units', g.amountMinor)
    g.lastAt = c.time('newest', g.lastAt)
    g.decayedCount = c.decayed('decayed refunds and cancellations', SUPPORT_HALF_LIVES, g.decayedCount)
  },
}

export const SUPPORT: Group<SupportState> = {
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
  walk(c, g) {
    g.opened = c.uint('opened', g.opened)
    g.resolved = c.uint('resolved', g.resolved)
    g.reopened = c.uint('reopened', g.reopened)
    g.escalated = c.uint('escalated', g.escalated)
    g.complaints = c.uint('complaints', g.complaints)
    g.lastAt = c.time('newest', g.lastAt)
    g.timedResolutions = c.uint('resolutions with a known opening', g.timedResolutions)
    g.resolutionMs = c.uint('time to resolve in all, ms', g.resolutionMs)
    g.decayedTickets = c.decayed('decayed tickets', SUPPORT_HALF_LIVES, g.decayedTickets)
    g.decayedComplaints = c.decayed('decayed complaints', SUPPORT_HALF_LIVES, g.decayedComplaints)
    g.decayedEscalations = c.decayed('decayed escalations', SUPPORT_HALF_LIVES, g.decayedEscalations)
  },
}

export const SURVEY: Group<SurveyState> = {
  blank: () => ({ requested: 0, responded: 0, scoreSum: 0, lastAt: NEVER, answeredAt: NEVER, answerId: 0, score: 0 }),
  walk(c, g) {
    g.requested = c.uint('requested', g.requested)
    g.responded = c.uint('answered', g.responded)
    g.scoreSum = c.uint('sum of scores', g.scoreSum)
    g.lastAt = c.time('newest', g.lastAt)
    g.answeredAt = c.time('newest answer', g.answeredAt)
    g.answerId = c.hash('its id', g.answerId)
    g.score = c.byte('its score', g.score)
  },
}

export const ENGAGEMENT: Group<EngagementState> = {
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
  walk(c, g) {
    g.visits = c.uint('visits', g.visits)
    g.logins = c.uint('logins', g.logins)
    g.emailOpens = c.uint('e-mails opened', g.emailOpens)
    g.emailClicks = c.uint('e-mails clicked', g.emailClicks)
    g.featureUses = c.uint('features used', g.featureUses)
    g.lastAt = c.time('newest', g.lastAt)
    g.lastVisitAt = c.time('newest visit, login or feature use', g.lastVisitAt)
    g.decayedVisits = c.decayed('decayed visits', SUPPORT_HALF_LIVES, g.decayedVisits)
    g.decayedEmail = c.decayed('decayed e-mail opens and clicks', SUPPORT_HALF_LIVES, g.decayedEmail)
  },
}

export const SOCIAL: Group<SocialState> = {
  blank: () => ({ mentions: 0, sentimentMilli: 0, lastAt: NEVER }),
  walk(c, g) {
    g.mentions = c.uint('mentions', g.mentions)
    // Zigzag: the sum may be negative.
    const zigzag = c.uint(
      'sum of sentiments in thousandths, zigzag',
      g.sentimentMilli < 0 ? -2 * g.sentimentMilli - 1 : 2 * g.sentimentMilli,
    )
    g.sentimentMilli = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
    g.lastAt = c.time('newest', g.lastAt)
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
  walk(c, g) {
    g.counts = {
      upgrade: c.uint('upgrades asked for', g.counts.upgrade),
      downgrade: c.uint('downgrades asked for', g.counts.downgrade),
      pause: c.uint('pauses asked for', g.counts.pause),
      cancel: c.uint('cancellations asked for', g.counts.cancel),
    }
    g.lastAt = c.time('newest', g.lastAt)
    g.decayedDowngrade = c.float64('decayed downgrades, half-life 90 d', g.decayedDowngrade)
    g.decayedPause = c.float64('decayed pauses, half-life 90 d', g.decayedPause)
    g.decayedCancel = c.float64('decayed cancellations, half-life 90 d', g.decayedCancel)
  },
}

export const CONSENT: Group<ConsentState> = {
  blank: () => ({ granted: false, at: NEVER, id: 0 }),
  walk(c, g) {
    g.granted = c.byte('granted', g.granted ? 1 : 0) === 1
    g.at = c.time('said at', g.at)
    g.id = c.hash('id', g.id)
  },
}

export const ACTION: Group<ActionState> = {
  blank: () => ({
    decidedAt: NEVER,
    decidedEpisode: NEVER,
    deliveredAt: NEVER,
    deliveredEpisode: NEVER,
    delivered: 0,
    failedAt: NEVER,
    suppressedAt: NEVER,
    acknowledgedAt: NEVER,
    snoozedAt: NEVER,
    snoozedId: 0,
    snoozedUntil: NEVER,
    resolvedAt: NEVER,
    resolvedId: 0,
    outcome: undefined,
  }),
  walk(c, g) {
    g.decidedAt = c.time('newest decision', g.decidedAt)
    g.decidedEpisode = c.time('its episode', g.decidedEpisode)
    g.deliveredAt = c.time('newest delivery', g.deliveredAt)
    g.deliveredEpisode = c.time('its episode', g.deliveredEpisode)
    g.delivered = c.uint('deliveries', g.delivered)
    g.failedAt = c.time('newest failure', g.failedAt)
    g.suppressedAt = c.time('newest suppression', g.suppressedAt)
    g.acknowledgedAt = c.time('newest acknowledgement', g.acknowledgedAt)
    g.snoozedAt = c.time('newest snooze', g.snoozedAt)
    g.snoozedId = c.hash('its id', g.snoozedId)
    g.snoozedUntil = c.time('its end', g.snoozedUntil)
    g.resolvedAt = c.time('newest resolution', g.resolvedAt)
    g.resolvedId = c.hash('its id', g.resolvedId)
    g.outcome =
      OUTCOMES[c.byte('its outcome, plus 1', g.outcome === undefined ? 0 : OUTCOMES.indexOf(g.outcome) + 1) - 1]
  },
}

export const DECIDED: Group<Decided> = {
  blank: () => ({
    band: 'prospect',
    previousBand: undefined,
    enteredAt: NEVER,
    evaluatedAt: NEVER,
    probability: 0,
    expectedLossMinor: 0,
    disposition: 'none',
    heldUntil: NEVER,
    predictedAt: NEVER,
    predictedProbability: 0,
    judged: 0,
  }),
  walk(c, g) {
    g.band = BANDS[c.byte('band', BANDS.indexOf(g.band))] ?? 'prospect'
    g.previousBand =
      BANDS[c.byte('band before, plus 1', g.previousBand === undefined ? 0 : BANDS.indexOf(g.previousBand) + 1) - 1]
    g.enteredAt = c.time('entered at', g.enteredAt)
    g.evaluatedAt = c.time('evaluated at', g.evaluatedAt)
    g.probability = c.float32('probability of churn', g.probability)
    g.expectedLossMinor = c.uint('expected loss, minor units', g.expectedLossMinor)
    g.disposition = DISPOSITIONS[c.byte('what became of it', DISPOSITIONS.indexOf(g.disposition))] ?? 'none'
    // Mostly NEVER, so it pays to write it in one byte.
    g.heldUntil = c.uint('held until, plus 1', g.heldUntil + 1) - 1
    g.predictedAt = c.uint('open prediction made at, plus 1', g.predictedAt + 1) - 1
    g.predictedProbability = c.float32('its probability', g.predictedProbability)
    g.judged = c.byte('last judged prediction', g.judged)
  },
}
