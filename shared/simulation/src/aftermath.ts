import type { SurveyKind } from '@holdfast/core'
import type { EventData, ShopEventType } from './event.ts'
import { MOODS, type Mood, type Phase, type Population } from './population.ts'
import type { Rng } from './rng.ts'
import { DAY_MS, HOUR_MS } from './season.ts'

/** What follows a purchase may see and do of the customer that it happens to. */
export interface Stage {
  readonly id: string
  readonly rng: Rng
  readonly population: Population
  /** Chance that a purchase leads to a ticket: some customers ask more than others. */
  readonly ticketChance: number
  phase(): Phase
  strained(): boolean
  /** Runs `then` at `at` (ms), unless the customer has been erased by then. */
  schedule(at: number, then: (at: number) => void): void
  emit(type: ShopEventType, at: number, data: EventData): void
}

export interface Order {
  readonly orderId: string
  readonly number: number
  readonly amountMinor: number
  readonly currency: string
}

/** Longest time between a survey's request and its answer. */
export const ANSWER_WITHIN_MS = 3 * DAY_MS

/** Decimal string of an amount in hundredths. */
export function decimal(minor: number): string {
  const cents = minor % 100
  return `${(minor - cents) / 100}.${cents < 10 ? '0' : ''}${cents}`
}

/**
 * What a purchase brings with it: a cancellation or a refund, a ticket, a survey. It depends on the purchase and the
 * customer's fussiness alone, never on whether the customer is still there, so it tells of dropout only by causing it;
 * the answers to surveys do depend on it.
 */
export function followPurchase(stage: Stage, order: Order, at: number): void {
  const { rng } = stage
  const fate = rng.uniform()
  const { orderId, currency } = order
  if (fate < 0.03) {
    stage.schedule(at + rng.between(1, 36) * HOUR_MS, (then) =>
      stage.emit('purchase.cancelled', then, { orderId, amount: decimal(order.amountMinor), currency }),
    )
  } else if (fate < 0.1) {
    const back = rng.chance(0.6) ? order.amountMinor : Math.round(order.amountMinor * rng.between(0.1, 0.8))
    stage.schedule(at + rng.between(3, 25) * DAY_MS, (then) =>
      stage.emit('purchase.refunded', then, { orderId, amount: decimal(back), currency }),
    )
  }
  if (rng.chance(stage.ticketChance)) {
    stage.schedule(at + rng.between(0.3, 10) * DAY_MS, (then) => openTicket(stage, order, then))
  }
  if (rng.chance(0.08)) {
    stage.schedule(at + rng.between(7, 14) * DAY_MS, (then) => requestSurvey(stage, 'nps', then))
  }
}

function openTicket(stage: Stage, order: Order, at: number): void {
  const { rng } = stage
  const ticketId = `tic-${stage.id}-${order.number}`
  const complaint = rng.chance(0.35)
  stage.emit('support.ticket_opened', at, {
    ticketId,
    channel: rng.pick(['email', 'chat', 'phone']),
    priority: complaint ? rng.pick(['normal', 'high', 'urgent']) : rng.pick(['low', 'normal']),
    complaint,
  })
  const worked = at + rng.exponential() * (complaint ? 3 : 1) * DAY_MS
  if (rng.chance(complaint ? 0.35 : 0.07)) {
    stage.schedule(at + rng.uniform() * (worked - at), (then) =>
      stage.emit('support.ticket_escalated', then, { ticketId }),
    )
  }
  // A few tickets are simply forgotten.
  if (rng.chance(0.97))
    stage.schedule(worked, (then) => resolveTicket(stage, { ticketId, openedAt: at, complaint }, then))
}

interface Ticket {
  readonly ticketId: string
  readonly openedAt: number
  readonly complaint: boolean
}

function resolveTicket(stage: Stage, ticket: Ticket, at: number): void {
  const { rng } = stage
  const { ticketId } = ticket
  stage.emit('support.ticket_resolved', at, { ticketId, openedAt: new Date(ticket.openedAt).toISOString() })
  if (rng.chance(ticket.complaint ? 0.25 : 0.06)) {
    stage.schedule(at + rng.between(0.2, 5) * DAY_MS, (reopenedAt) => {
      stage.emit('support.ticket_reopened', reopenedAt, { ticketId })
      stage.schedule(reopenedAt + rng.exponential() * 2 * DAY_MS, (then) =>
        stage.emit('support.ticket_resolved', then, { ticketId, openedAt: new Date(ticket.openedAt).toISOString() }),
      )
    })
  } else if (rng.chance(0.5)) {
    stage.schedule(at + HOUR_MS, (then) => requestSurvey(stage, rng.chance(0.7) ? 'csat' : 'ces', then))
  }
}

function requestSurvey(stage: Stage, kind: SurveyKind, at: number): void {
  const { rng, population } = stage
  stage.emit('survey.requested', at, { kind })
  const phase = stage.phase()
  if (!rng.chance(population.answerChance[phase])) return
  const shares = population.mood[stage.strained() ? 'strained' : 'calm'][phase]
  const mood = MOODS[rng.weighted([shares.bad, shares.neutral, shares.good], 1)] ?? 'neutral'
  const score = drawScore(rng, kind, mood)
  stage.schedule(at + rng.uniform() * ANSWER_WITHIN_MS, (then) => stage.emit('survey.responded', then, { kind, score }))
}

const SCORES: Readonly<Record<SurveyKind, Readonly<Record<Mood, readonly [number, ...number[]]>>>> = {
  csat: { bad: [1, 2], neutral: [3], good: [4, 5] },
  nps: { bad: [0, 1, 2, 3, 4, 5, 6], neutral: [7, 8], good: [9, 10] },
  ces: { bad: [1, 2, 3], neutral: [4, 5], good: [6, 7] },
}

function drawScore(rng: Rng, kind: SurveyKind, mood: Mood): number {
  return rng.pick(SCORES[kind][mood])
}
