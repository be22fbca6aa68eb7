import type { ActionKind, CustomerEvent, EventType, Purpose, SurveyKind } from '../event.ts'
import {
  type ActionState,
  type ConsentState,
  type ContractState,
  type CustomerState,
  EMPTY_STATE,
  type EngagementState,
  type PurchaseState,
  type ReversalState,
  type SocialState,
  type SupportState,
  type SurveyState,
} from '../state/customer-state.ts'

/*
 * The folded half as its definition reads: take the whole list, drop repeated ids, sort, filter, add up. It shares no
 * function and no constant with the fold, only the shape of the result; slow is fine here, wrong together is not.
 */

const DAY = 24 * 60 * 60 * 1_000
const NONE = -1
const BUYING_HALF_LIVES = [15, 30, 60, 120, 240]
const OTHER_HALF_LIVES = [30, 90]

/** The members of the union that can carry one of the types. */
type Of<T extends EventType, E = CustomerEvent> = E extends CustomerEvent
  ? [Extract<E['type'], T>] extends [never]
    ? never
    : E
  : never

/** All events of the given types, whatever the order they came in. */
export function eventsOf<T extends EventType>(events: readonly CustomerEvent[], ...types: readonly T[]): Of<T>[] {
  const wanted: readonly string[] = types
  const isWanted = (event: CustomerEvent): event is CustomerEvent & Of<T> => wanted.includes(event.type)
  return events.filter(isWanted)
}

/** The name of the topic's role, from the type's first word. */
function roleOf(type: EventType): string {
  const word = type.split('.')[0]
  if (word === 'purchase') return 'purchases'
  if (word === 'support' || word === 'survey') return 'support'
  if (word === 'engagement' || word === 'social') return 'engagement'
  return word === 'action' ? 'actions' : 'profile'
}

/** The events without those whose (role, id) was there before: what a log says once. */
export function withoutDuplicates(events: readonly CustomerEvent[]): CustomerEvent[] {
  const seen = new Set<string>()
  return events.filter(({ type, idHash }) => {
    const key = `${roleOf(type)} ${idHash}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Σ x·2^(-age/half-life) at `at`, for each half-life in days; events after `at` do not exist yet. */
export function decayedSums<E extends { readonly time: number }>(
  events: readonly E[],
  halfLivesDays: readonly number[],
  at: number,
  x: (event: E) => number = () => 1,
): number[] {
  return halfLivesDays.map((days) => events.reduce((sum, e) => sum + x(e) * 0.5 ** ((at - e.time) / DAY / days), 0))
}

const newest = (events: readonly { readonly time: number }[]): number => Math.max(NONE, ...events.map((e) => e.time))
const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0)

/** The last by time; of equal times, the one with the larger tie. */
function lastWrite<E extends { readonly time: number }>(
  events: readonly E[],
  tie: (event: E) => number,
): E | undefined {
  return [...events].sort((a, b) => a.time - b.time || tie(a) - tie(b)).at(-1)
}

/**
 * Recomputes a customer's folded half from all of its events, in any order, duplicates included. Rings and the decided
 * half are left empty: compare with `sameFolded`.
 */
export function naiveState(log: readonly CustomerEvent[]): CustomerState {
  const events = withoutDuplicates(log)
  const erased = events.some(({ type }) => type === 'customer.erased')
  const of = erased ? [] : events
  return {
    erased,
    rings: EMPTY_STATE.rings,
    purchases: purchases(of),
    reversals: reversals(of),
    support: support(of),
    surveys: present({ csat: survey(of, 'csat'), nps: survey(of, 'nps'), ces: survey(of, 'ces') }),
    engagement: engagement(of),
    social: social(of),
    contract: contract(of),
    consent: present({ outreach: consent(of, 'outreach'), marketing: consent(of, 'marketing') }),
    actions: present({
      'proactive-outreach': action(of, 'proactive-outreach'),
      reactivation: action(of, 'reactivation'),
    }),
    decided: undefined,
  }
}

/** Without the keys whose value is undefined. */
function present<K extends string, V>(record: Readonly<Record<K, V | undefined>>): Partial<Record<K, V>> {
  const kept: Partial<Record<K, V>> = {}
  for (const key in record) {
    const value = record[key]
    if (value !== undefined) kept[key] = value
  }
  return kept
}

function purchases(events: readonly CustomerEvent[]): PurchaseState | undefined {
  const bought = eventsOf(events, 'purchase.completed').sort((a, b) => a.time - b.time)
  const first = bought[0]
  const last = bought.at(-1)
  if (first === undefined || last === undefined) return undefined
  const amounts = bought.map((e) => e.amountMinor)
  const largestAt = (time: number): number =>
    Math.max(...bought.filter((e) => e.time === time).map((e) => e.amountMinor))
  const monthsBefore = new Set(bought.map((e) => calendarMonth(last.time) - calendarMonth(e.time)))
  const bits = (from: number): number =>
    total(Array.from({ length: 32 }, (_, i) => (monthsBefore.has(from + i) ? 2 ** i : 0)))
  return {
    count: bought.length,
    spendMinor: total(amounts),
    firstAt: first.time,
    secondAt: bought[1]?.time ?? NONE,
    recent: bought
      .map((e) => e.time)
      .reverse()
      .slice(0, 8),
    firstMinor: largestAt(first.time),
    lastMinor: largestAt(last.time),
    largestMinor: Math.max(...amounts),
    monthsLow: bits(0),
    monthsHigh: bits(32),
    decayedCount: decayedSums(bought, BUYING_HALF_LIVES, last.time),
    decayedSpend: decayedSums(bought, BUYING_HALF_LIVES, last.time, (e) => e.amountMinor),
  }
}

/** UTC calendar months since year 0, by the platform's own calendar. */
export function calendarMonth(at: number): number {
  const date = new Date(at)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

function reversals(events: readonly CustomerEvent[]): ReversalState | undefined {
  const refunds = eventsOf(events, 'purchase.refunded')
  const cancellations = eventsOf(events, 'purchase.cancelled')
  const all = [...refunds, ...cancellations]
  if (all.length === 0) return undefined
  return {
    refunds: refunds.length,
    cancellations: cancellations.length,
    amountMinor: total(all.map((e) => e.amountMinor)),
    lastAt: newest(all),
    decayedCount: decayedSums(all, OTHER_HALF_LIVES, newest(all)),
  }
}

function support(events: readonly CustomerEvent[]): SupportState | undefined {
  const opened = eventsOf(events, 'support.ticket_opened')
  const resolved = eventsOf(events, 'support.ticket_resolved')
  const reopened = eventsOf(events, 'support.ticket_reopened')
  const escalated = eventsOf(events, 'support.ticket_escalated')
  const lastAt = newest([...opened, ...resolved, ...reopened, ...escalated])
  if (lastAt === NONE) return undefined
  const complaints = opened.filter((e) => e.complaint)
  const durations = resolved.flatMap((e) => (e.openedAt === undefined ? [] : [Math.max(0, e.time - e.openedAt)]))
  return {
    opened: opened.length,
    resolved: resolved.length,
    reopened: reopened.length,
    escalated: escalated.length,
    complaints: complaints.length,
    lastAt,
    timedResolutions: durations.length,
    resolutionMs: total(durations),
    decayedTickets: decayedSums(opened, OTHER_HALF_LIVES, lastAt),
    decayedComplaints: decayedSums(complaints, OTHER_HALF_LIVES, lastAt),
    decayedEscalations: decayedSums(escalated, OTHER_HALF_LIVES, lastAt),
  }
}

function survey(events: readonly CustomerEvent[], kind: SurveyKind): SurveyState | undefined {
  const requested = eventsOf(events, 'survey.requested').filter((e) => e.kind === kind)
  const responded = eventsOf(events, 'survey.responded').filter((e) => e.kind === kind)
  if (requested.length + responded.length === 0) return undefined
  const answer = lastWrite(responded, (e) => e.idHash)
  return {
    requested: requested.length,
    responded: responded.length,
    scoreSum: total(responded.map((e) => e.score)),
    lastAt: newest([...requested, ...responded]),
    answeredAt: answer?.time ?? NONE,
    answerId: answer?.idHash ?? 0,
    score: answer?.score ?? 0,
  }
}

function engagement(events: readonly CustomerEvent[]): EngagementState | undefined {
  const visits = eventsOf(events, 'engagement.visited')
  const logins = eventsOf(events, 'engagement.logged_in')
  const uses = eventsOf(events, 'engagement.feature_used')
  const opens = eventsOf(events, 'engagement.email_opened')
  const clicks = eventsOf(events, 'engagement.email_clicked')
  const came = [...visits, ...logins, ...uses]
  const read = [...opens, ...clicks]
  const lastAt = newest([...came, ...read])
  if (lastAt === NONE) return undefined
  return {
    visits: visits.length,
    logins: logins.length,
    emailOpens: opens.length,
    emailClicks: clicks.length,
    featureUses: uses.length,
    lastAt,
    lastVisitAt: newest(came),
    decayedVisits: decayedSums(came, OTHER_HALF_LIVES, lastAt),
    decayedEmail: decayedSums(read, OTHER_HALF_LIVES, lastAt),
  }
}

function social(events: readonly CustomerEvent[]): SocialState | undefined {
  const mentions = eventsOf(events, 'social.mentioned')
  if (mentions.length === 0) return undefined
  return {
    mentions: mentions.length,
    sentimentMilli: total(mentions.map((e) => Math.round(1_000 * e.sentiment))),
    lastAt: newest(mentions),
  }
}

function contract(events: readonly CustomerEvent[]): ContractState | undefined {
  const requests = eventsOf(events, 'contract.change_requested')
  if (requests.length === 0) return undefined
  const lastAt = newest(requests)
  const count = (kind: string): number => requests.filter((e) => e.kind === kind).length
  const decayed = (kind: string): number =>
    decayedSums(requests, [90], lastAt, (e) => (e.kind === kind ? 1 : 0))[0] ?? Number.NaN
  return {
    counts: {
      upgrade: count('upgrade'),
      downgrade: count('downgrade'),
      pause: count('pause'),
      cancel: count('cancel'),
    },
    lastAt,
    decayedDowngrade: decayed('downgrade'),
    decayedPause: decayed('pause'),
    decayedCancel: decayed('cancel'),
  }
}

function consent(events: readonly CustomerEvent[], purpose: Purpose): ConsentState | undefined {
  const said = eventsOf(events, 'consent.changed').filter((e) => e.purpose === purpose)
  const last = lastWrite(said, (e) => e.idHash)
  return last === undefined ? undefined : { granted: last.granted, at: last.time, id: last.idHash }
}

const ACTION_TYPES = [
  'action.decided',
  'action.delivered',
  'action.failed',
  'action.acknowledged',
  'action.suppressed',
  'action.snoozed',
  'action.resolved',
] as const

function action(events: readonly CustomerEvent[], kind: ActionKind): ActionState | undefined {
  const mine = eventsOf(events, ...ACTION_TYPES).filter((e) => e.action === kind)
  if (mine.length === 0) return undefined
  const decided = lastWrite(eventsOf(mine, 'action.decided'), (e) => e.enteredAt)
  const deliveries = eventsOf(mine, 'action.delivered')
  const delivered = lastWrite(deliveries, (e) => e.enteredAt)
  const snoozed = lastWrite(eventsOf(mine, 'action.snoozed'), (e) => e.idHash)
  const resolved = lastWrite(eventsOf(mine, 'action.resolved'), (e) => e.idHash)
  return {
    decidedAt: decided?.time ?? NONE,
    decidedEpisode: decided?.enteredAt ?? NONE,
    deliveredAt: delivered?.time ?? NONE,
    deliveredEpisode: delivered?.enteredAt ?? NONE,
    delivered: deliveries.length,
    failedAt: newest(eventsOf(mine, 'action.failed')),
    suppressedAt: newest(eventsOf(mine, 'action.suppressed')),
    acknowledgedAt: newest(eventsOf(mine, 'action.acknowledged')),
    snoozedAt: snoozed?.time ?? NONE,
    snoozedId: snoozed?.idHash ?? 0,
    snoozedUntil: snoozed?.until ?? NONE,
    resolvedAt: resolved?.time ?? NONE,
    resolvedId: resolved?.idHash ?? 0,
    outcome: resolved?.outcome,
  }
}
