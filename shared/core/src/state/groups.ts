import { OUTCOMES } from '../event.ts'
import { NEVER } from '../time.ts'
import type { Reader, Sink } from './codec.ts'
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

/**
 * A group of the state: how its fields are written, which also names them for the documentation, and how they are read back,
 * in the same order. Two functions and not one, because a state is written and read for nearly every event.
 */
export interface Group<G> {
  blank(): G
  /** For the documentation, where a blank one would not show every field. */
  example?(): G
  write(sink: Sink, group: G): void
  read(reader: Reader): G
}

const zeros = (halfLives: readonly number[]): number[] => halfLives.map(() => 0)

export const RING: Group<readonly number[]> = {
  blank: () => [],
  example: () => [0],
  write(s, ids) {
    s.byte('number of ids', ids.length)
    for (let i = 0; i < ids.length; i++) s.hash('id, up to eight', ids[i]!)
  },
  read(r) {
    const ids = new Array<number>(r.byte())
    for (let i = 0; i < ids.length; i++) ids[i] = r.hash()
    return ids
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
  example: () => ({ ...PURCHASES.blank(), recent: [0, 0] }),
  write(s, g) {
    s.uint('purchases', g.count)
    s.uint('gross spend, minor units', g.spendMinor)
    s.time('first purchase', g.firstAt)
    s.uint('second purchase, ms after the first, plus 1', g.secondAt === NEVER ? 0 : g.secondAt - g.firstAt + 1)
    for (let i = 0; i < g.recent.length; i++) {
      if (i === 0) s.time('newest purchase', g.recent[0]!)
      else s.uint('ms to the purchase before, up to seven times', g.recent[i - 1]! - g.recent[i]!)
    }
    s.uint('first amount, minor units', g.firstMinor)
    s.uint('last amount, minor units', g.lastMinor)
    s.uint('largest amount, minor units', g.largestMinor)
    s.word('months with a purchase, newest 32', g.monthsLow)
    s.word('months with a purchase, 32 before', g.monthsHigh)
    s.decayed('decayed purchases', PURCHASE_HALF_LIVES, g.decayedCount)
    s.decayed('decayed spend', PURCHASE_HALF_LIVES, g.decayedSpend)
  },
  read(r) {
    const count = r.uint()
    const spendMinor = r.uint()
    const firstAt = r.time()
    const second = r.uint()
    // As many times follow as there can be for this count.
    const recent = new Array<number>(Math.min(count, RECENT_PURCHASES))
    for (let i = 0; i < recent.length; i++) recent[i] = i === 0 ? r.time() : recent[i - 1]! - r.uint()
    return {
      count,
      spendMinor,
      firstAt,
      secondAt: second === 0 ? NEVER : firstAt + second - 1,
      recent,
      firstMinor: r.uint(),
      lastMinor: r.uint(),
      largestMinor: r.uint(),
      monthsLow: r.word(),
      monthsHigh: r.word(),
      decayedCount: r.decayed(PURCHASE_HALF_LIVES),
      decayedSpend: r.decayed(PURCHASE_HALF_LIVES),
    }
  },
}

export const REVERSALS: Group<ReversalState> = {
  blank: () => ({
    refunds: 0,
    cancellations: 0,
    amountMinor: 0,
    lastAt: NEVER,
    decayedCount: zeros(SUPPORT_HALF_LIVES),
  }),
  write(s, g) {
    s.uint('refunds', g.refunds)
    s.uint('cancellations', g.cancellations)
    s.uint('refunded and cancelled, minor units', g.amountMinor)
    s.time('newest', g.lastAt)
    s.decayed('decayed refunds and cancellations', SUPPORT_HALF_LIVES, g.decayedCount)
  },
  read(r) {
    return {
      refunds: r.uint(),
      cancellations: r.uint(),
      amountMinor: r.uint(),
      lastAt: r.time(),
      decayedCount: r.decayed(SUPPORT_HALF_LIVES),
    }
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

export const CONSENT: Group<ConsentState> = {
  blank: () => ({ granted: false, at: NEVER, id: 0 }),
  write(s, g) {
    s.byte('granted', g.granted ? 1 : 0)
    s.time('said at', g.at)
    s.hash('id', g.id)
  },
  read(r) {
    return {
      granted: r.byte() === 1,
      at: r.time(),
      id: r.hash(),
    }
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
  write(s, g) {
    s.time('newest decision', g.decidedAt)
    s.time('its episode', g.decidedEpisode)
    s.time('newest delivery', g.deliveredAt)
    s.time('its episode', g.deliveredEpisode)
    s.uint('deliveries', g.delivered)
    s.time('newest failure', g.failedAt)
    s.time('newest suppression', g.suppressedAt)
    s.time('newest acknowledgement', g.acknowledgedAt)
    s.time('newest snooze', g.snoozedAt)
    s.hash('its id', g.snoozedId)
    s.time('its end', g.snoozedUntil)
    s.time('newest resolution', g.resolvedAt)
    s.hash('its id', g.resolvedId)
    s.byte('its outcome, plus 1', g.outcome === undefined ? 0 : OUTCOMES.indexOf(g.outcome) + 1)
  },
  read(r) {
    return {
      decidedAt: r.time(),
      decidedEpisode: r.time(),
      deliveredAt: r.time(),
      deliveredEpisode: r.time(),
      delivered: r.uint(),
      failedAt: r.time(),
      suppressedAt: r.time(),
      acknowledgedAt: r.time(),
      snoozedAt: r.time(),
      snoozedId: r.hash(),
      snoozedUntil: r.time(),
      resolvedAt: r.time(),
      resolvedId: r.hash(),
      outcome: OUTCOMES[r.byte() - 1],
    }
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
  write(s, g) {
    s.byte('band', BANDS.indexOf(g.band))
    s.byte('band before, plus 1', g.previousBand === undefined ? 0 : BANDS.indexOf(g.previousBand) + 1)
    s.time('entered at', g.enteredAt)
    s.time('evaluated at', g.evaluatedAt)
    s.float32('probability of churn', g.probability)
    s.uint('expected loss, minor units', g.expectedLossMinor)
    s.byte('what became of it', DISPOSITIONS.indexOf(g.disposition))
    // Mostly NEVER, so it pays to write it in one byte.
    s.uint('held until, plus 1', g.heldUntil + 1)
    s.uint('open prediction made at, plus 1', g.predictedAt + 1)
    s.float32('its probability', g.predictedProbability)
    s.byte('last judged prediction', g.judged)
  },
  read(r) {
    return {
      band: BANDS[r.byte()] ?? 'prospect',
      previousBand: BANDS[r.byte() - 1],
      enteredAt: r.time(),
      evaluatedAt: r.time(),
      probability: r.float32(),
      expectedLossMinor: r.uint(),
      disposition: DISPOSITIONS[r.byte()] ?? 'none',
      heldUntil: r.uint() - 1,
      predictedAt: r.uint() - 1,
      predictedProbability: r.float32(),
      judged: r.byte(),
    }
  },
}
