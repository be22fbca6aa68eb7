import type { RiskModel, Role } from '@holdfast/core'
import { generateShop } from '@holdfast/simulation'
import { anEvent, aPurchase, type BuiltEvent } from '@holdfast/testing'
import { bandOf } from '../support/compare.ts'
import { contactKey } from '../support/job-watch.ts'

const DAY = 86_400_000

/** A record before it is one. */
export interface Draft {
  readonly role: Role
  readonly key: string | null
  readonly value: string | Buffer
  /** Undefined: where the key says. */
  readonly partition?: number
}

/** A customer of whom the oracle says: must be contacted. */
export interface Debtor {
  readonly key: string
  readonly drafts: readonly Draft[]
}

const draftOf = ({ role, key, json }: BuiltEvent): Draft => ({ role, key, value: json })

/** The history of a generated shop up to `at`. */
export function* shopHistory(at: number, customers: number): Generator<Draft> {
  const shop = generateShop({ seed: 7, customers, from: at - 500 * DAY, until: at - DAY })
  for (const { role, event } of shop.events) yield { role, key: event.subject, value: JSON.stringify(event) }
}

/**
 * Customers who went over a line within the last days, by the oracle: bought once, so long ago that they have become at risk
 * since; or agreed to marketing, and have lapsed since; or were pushed over by what they asked for.
 */
export function debtors(at: number, model: RiskModel, count: number): Debtor[] {
  const isFresh = (enteredAt: number): boolean => enteredAt < at - DAY / 4 && enteredAt > at - 6 * DAY
  const ages: number[] = []
  for (let quarter = 4; quarter * (DAY / 4) < model.horizonMs - 2 * DAY; quarter++) {
    const { band, enteredAt } = bandOf([aPurchase({ time: at - quarter * (DAY / 4) }).event], at, model)
    if (band === 'at_risk' && isFresh(enteredAt)) ages.push(quarter * (DAY / 4))
  }
  if (ages.length === 0) throw new Error('nobody becomes at risk by silence alone: no debtors can be made')
  return Array.from({ length: count }, (_, i) => {
    const customerId = `debtor-${i}`
    if (i % 5 === 4) {
      const lapsedDays = 1 + (i % 4)
      const bought = aPurchase({ customerId, time: at - model.horizonMs - lapsedDays * DAY })
      const agreed = anEvent(
        'consent.changed',
        { purpose: 'marketing', granted: true },
        { customerId, time: bought.event.time },
      )
      return { key: contactKey(customerId, 'reactivation'), drafts: [draftOf(agreed), draftOf(bought)] }
    }
    if (i % 5 === 3) {
      const time = at - (1 + (i % 3)) * DAY
      const bought = aPurchase({ customerId, time: time - DAY })
      const upset = pushOver(customerId, time)
      const { band, enteredAt } = bandOf(
        [bought, ...upset].map(({ event }) => event),
        at,
        model,
      )
      if (band === 'at_risk' && isFresh(enteredAt)) {
        return { key: contactKey(customerId, 'proactive-outreach'), drafts: [bought, ...upset].map(draftOf) }
      }
    }
    const age = ages[i % ages.length] ?? 0
    const amount = `${10 + (i % 7)}.${10 + (i % 90)}`
    const bought = aPurchase({ customerId, time: at - age, amount })
    const { band, enteredAt } = bandOf([bought.event], at, model)
    if (band !== 'at_risk' || !isFresh(enteredAt)) return { key: '', drafts: [draftOf(bought)] }
    return { key: contactKey(customerId, 'proactive-outreach'), drafts: [draftOf(bought)] }
  })
}

/** Complaints and requests to cancel. */
function pushOver(customerId: string, time: number): BuiltEvent[] {
  return [0, 1, 2].flatMap((i) => [
    anEvent('contract.change_requested', { kind: 'cancel' }, { customerId, time: time + i }),
    anEvent(
      'support.ticket_opened',
      { ticketId: `t-${customerId}-${i}`, complaint: true },
      { customerId, time: time + i },
    ),
  ])
}

/**
 * A customer in haste: at risk, bought again, and at risk anew by requests to cancel, each before the last has settled.
 * In steps that are to be sent one after the other.
 */
export function hasty(i: number, at: number): Draft[][] {
  const customerId = `hasty-${i}`
  return [
    [aPurchase({ customerId, time: at - 16 * DAY - i * 60_000 })],
    [0, 1, 2].map((k) => aPurchase({ customerId, time: at - 7_200_000 + k * 1_000 })),
    pushOver(customerId, at - 3_600_000),
  ].map((step) => step.map(draftOf))
}

/** What no producer should send: no events, and one of a type that nobody knows. */
export function rubbish(i: number): Draft {
  const key = `rubbish-${i}`
  const values = [
    '{"specversion":"1.0"',
    'null',
    JSON.stringify({
      specversion: '1.0',
      id: `r-${i}`,
      source: '/x',
      type: 'purchase.completed',
      subject: key,
      time: '2026-01-01T00:00:00Z',
      data: { orderId: 'o', amount: 'NaN', currency: 'EUR' },
    }),
    JSON.stringify({
      specversion: '1.0',
      id: `r-${i}`,
      source: '/x',
      type: 'purchase.completed',
      subject: key,
      time: '9999-01-01T00:00:00Z',
      data: { orderId: 'o', amount: '1', currency: 'EUR' },
    }),
    Buffer.from([0xff, 0xfe, 0x00]),
    JSON.stringify({
      specversion: '1.0',
      id: `r-${i}`,
      source: '/x',
      type: 'nobody.knows',
      subject: key,
      time: '2026-01-01T00:00:00Z',
      data: {},
    }),
  ]
  return { role: 'purchases', key, value: values[i % values.length] ?? '' }
}
