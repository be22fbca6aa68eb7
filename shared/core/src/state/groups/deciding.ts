import { OUTCOMES } from '../../event.ts'
import { NEVER } from '../../time.ts'
import { type ActionState, BANDS, type ConsentState, type Decided, DISPOSITIONS, UNDECIDED } from '../customer-state.ts'
import type { Group } from './group.ts'

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
  blank: () => UNDECIDED,
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
