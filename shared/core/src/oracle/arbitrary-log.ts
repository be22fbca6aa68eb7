import fc from 'fast-check'
import {
  ACTION_KINDS,
  CONTRACT_CHANGES,
  type CustomerEvent,
  OUTCOMES,
  PURPOSES,
  ROLE_OF_TYPE,
  type Role,
  SURVEY_KINDS,
} from '../event.ts'

/*
 * Random histories of one customer. Chance alone would hardly ever make two events of one instant, a purchase in the
 * last millisecond of a month or a span of exactly 64 months, so instants are drawn from those on purpose.
 */

const MINUTE = 60_000
const DAY = 86_400_000

const monthEdge = fc
  .tuple(fc.constantFrom(0, 1, 2, 11, 12, 13, 31, 32, 33, 62, 63, 64, 65, 100), fc.constantFrom(-1, 0, 1, MINUTE))
  .map(([month, ms]) => Date.UTC(2016, month, 1) + ms)

const leapDay = fc
  .tuple(fc.constantFrom(2016, 2020, 2024), fc.constantFrom(0, DAY / 2, DAY - 1, DAY, -1))
  .map(([year, ms]) => Date.UTC(year, 1, 29) + ms)

const anyDay = fc.integer({ min: Date.UTC(2014, 0, 1), max: Date.UTC(2026, 11, 31) })

/** Days to weeks apart, as a living customer's events are. */
const nearDay = fc
  .tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: DAY - 1 }))
  .map(([days, ms]) => Date.UTC(2023, 5, 1) + days * DAY + ms)

const ancient = fc.constantFrom(0, 1, DAY, Date.UTC(1999, 11, 31, 23, 59, 59, 999), Date.UTC(2000, 1, 29))

const instant = fc.oneof(
  { weight: 4, arbitrary: nearDay },
  { weight: 3, arbitrary: monthEdge },
  { weight: 1, arbitrary: leapDay },
  { weight: 2, arbitrary: anyDay },
  { weight: 1, arbitrary: ancient },
)

const amountMinor = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 ** 12 - 1 }) },
)

const survey = fc.constantFrom(...SURVEY_KINDS).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    score: kind === 'nps' ? fc.nat(10) : fc.integer({ min: 1, max: kind === 'csat' ? 5 : 7 }),
  }),
)

type Envelope = 'customerId' | 'time' | 'knownAt' | 'idHash'
type Body = CustomerEvent extends infer E ? (E extends CustomerEvent ? Omit<E, Envelope> : never) : never

function bodies(time: fc.Arbitrary<number>): fc.Arbitrary<Body> {
  const action = fc.constantFrom(...ACTION_KINDS)
  const acted = { action, enteredAt: time }
  const body = <B extends Body>(weight: number, arbitrary: fc.Arbitrary<B>) => ({ weight, arbitrary })
  return fc.oneof(
    body(12, fc.record({ type: fc.constant('purchase.completed'), amountMinor })),
    body(3, fc.record({ type: fc.constantFrom('purchase.refunded', 'purchase.cancelled'), amountMinor })),
    body(3, fc.record({ type: fc.constant('support.ticket_opened'), complaint: fc.boolean() })),
    body(3, fc.record({ type: fc.constant('support.ticket_resolved'), openedAt: fc.option(time, { nil: undefined }) })),
    body(2, fc.record({ type: fc.constantFrom('support.ticket_reopened', 'support.ticket_escalated') })),
    body(2, fc.record({ type: fc.constant('survey.requested'), kind: fc.constantFrom(...SURVEY_KINDS) })),
    body(
      3,
      survey.map((answer) => ({ type: 'survey.responded' as const, ...answer })),
    ),
    body(
      4,
      fc.record({
        type: fc.constantFrom(
          'engagement.visited',
          'engagement.logged_in',
          'engagement.email_opened',
          'engagement.email_clicked',
          'engagement.feature_used',
        ),
      }),
    ),
    body(
      2,
      fc.record({
        type: fc.constant('social.mentioned'),
        sentiment: fc.oneof(
          fc.constantFrom(-1, -0.0004, -0, 0, 0.0005, 1),
          fc.double({ min: -1, max: 1, noNaN: true }),
        ),
      }),
    ),
    body(1, fc.record({ type: fc.constant('profile.updated'), fields: fc.record({ locale: fc.string() }) })),
    body(
      3,
      fc.record({ type: fc.constant('consent.changed'), purpose: fc.constantFrom(...PURPOSES), granted: fc.boolean() }),
    ),
    body(2, fc.record({ type: fc.constant('contract.change_requested'), kind: fc.constantFrom(...CONTRACT_CHANGES) })),
    body(
      3,
      fc.record({
        type: fc.constantFrom('action.decided', 'action.delivered', 'action.failed', 'action.acknowledged'),
        ...acted,
      }),
    ),
    body(1, fc.record({ type: fc.constant('action.suppressed'), reason: fc.constant('cooldown'), ...acted })),
    body(2, fc.record({ type: fc.constant('action.snoozed'), until: time, ...acted })),
    body(2, fc.record({ type: fc.constant('action.resolved'), outcome: fc.constantFrom(...OUTCOMES), ...acted })),
  )
}

/** Ids in no order of time; small ones are shared between roles, which is no duplication. */
const idSeed = fc.oneof(fc.constantFrom(0, 1), fc.nat(2 ** 31 - 1))

/**
 * A customer's history of up to `maxLength` events (evenly: fast-check's own preference for about ten would never fill a
 * ring) of every type but erasure, no id twice in a role, in any order of time.
 */
export function arbitraryLog(maxLength = 40): fc.Arbitrary<CustomerEvent[]> {
  return fc.array(instant, { minLength: 1, maxLength: 6 }).chain((shared) => {
    const time = fc.oneof(fc.constantFrom(...shared), instant)
    return fc
      .array(fc.tuple(bodies(time), time, idSeed), { maxLength, size: 'max' })
      .map((drawn) => numbered(drawn.map(([body, time, seed]) => envelope(body, time, seed))))
  })
}

/** The same, with at least one purchase. */
export function arbitraryBuyer(maxLength = 40): fc.Arbitrary<CustomerEvent[]> {
  return fc.tuple(arbitraryLog(maxLength), instant, amountMinor).map(([log, time, amountMinor]) => {
    const sale: CustomerEvent = { type: 'purchase.completed', amountMinor, ...personal(time, 2 ** 47) }
    return [...log, sale]
  })
}

function personal(time: number, idHash: number) {
  return { customerId: 'cust-1', time, knownAt: time, idHash }
}

function envelope(body: Body, time: number, idHash: number): CustomerEvent {
  return { ...body, ...personal(time, idHash) }
}

/** Makes ids unique within a role and keeps them below 2^47. */
function numbered(events: readonly CustomerEvent[]): CustomerEvent[] {
  const taken = new Map<Role, number>()
  return events.map((event) => {
    const role = ROLE_OF_TYPE[event.type]
    const n = taken.get(role) ?? 0
    taken.set(role, n + 1)
    return { ...event, idHash: event.idHash * 1_024 + n }
  })
}

/** The same events in another order. */
export function permuted(log: readonly CustomerEvent[]): fc.Arbitrary<CustomerEvent[]> {
  return fc.shuffledSubarray([...log], { minLength: log.length, maxLength: log.length })
}

/**
 * The log with some events sent again, each no further than a ring of eight ids reaches: at most seven other events of
 * the same role in between.
 */
export function repeated(log: readonly CustomerEvent[]): fc.Arbitrary<CustomerEvent[]> {
  const repeat = fc.record({ event: fc.nat(Math.max(0, log.length - 1)), others: fc.nat(7) })
  return fc.array(repeat, { maxLength: 12 }).map((repeats) => {
    const after = new Map<number, CustomerEvent[]>()
    for (const { event, others } of repeats) {
      const sent = log[event]
      if (sent === undefined) continue
      const at = reach(log, event, others)
      after.set(at, [...(after.get(at) ?? []), sent])
    }
    return log.flatMap((event, i) => [event, ...(after.get(i) ?? [])])
  })
}

/** Index of the last event before which at most `others` events of the same role follow event `from`. */
function reach(log: readonly CustomerEvent[], from: number, others: number): number {
  const role = log[from] && ROLE_OF_TYPE[log[from].type]
  let between = 0
  let at = from
  for (let i = from + 1; i < log.length; i++) {
    if (log[i] && ROLE_OF_TYPE[log[i]!.type] === role && ++between > others) break
    at = i
  }
  return at
}
