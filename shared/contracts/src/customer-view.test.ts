import { EMPTY_STATE, ERASED_STATE, FEATURES } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { customerView, customerViewSchema, type StoredCustomer } from './customer-view.ts'

const AT = Date.UTC(2026, 5, 1)

const stored = (changes: Partial<StoredCustomer> = {}): StoredCustomer => ({
  id: 'cust/42 🦖',
  shard: 3,
  generation: '1',
  state: EMPTY_STATE,
  nextAppointment: undefined,
  timeline: [],
  ...changes,
})

/** The document as it travels, held to its schema. */
function shown(customer: StoredCustomer) {
  const view: unknown = JSON.parse(JSON.stringify(customerView(customer, AT, { currency: 'EUR' })))
  expect(customerViewSchema.parse(view)).toEqual(view)
  return customerViewSchema.parse(view)
}

describe('a customer on paper', () => {
  test('of whom next to nothing is known', () => {
    const { stored: standing, now, nextAppointment, features, ...rest } = shown(stored())
    expect({ standing, now, nextAppointment }).toEqual({})
    expect(rest).toMatchObject({ customer: 'cust/42 🦖', erased: false, consent: {}, actions: {}, timeline: [] })
    expect(features.flatMap((group) => group.features)).toHaveLength(FEATURES.length)
  })

  test('who was erased', () => {
    expect(shown(stored({ state: ERASED_STATE })).erased).toBe(true)
  })

  test('the timeline is ordered by when things happened, not by when they came', () => {
    const entry = (time: number) => ({ kind: 'engagement.visited', time, detail: 0 }) as const
    const { timeline } = shown(stored({ timeline: [entry(AT - 2), entry(AT), entry(AT - 1)] }))
    expect(timeline.map(({ at }) => Date.parse(at))).toEqual([AT, AT - 1, AT - 2])
  })

  test('a snooze until after the last day of the calendar ends with it', () => {
    const ledger = {
      ...{ decidedAt: -1, decidedEpisode: -1, deliveredAt: -1, deliveredEpisode: -1, delivered: 0, failedAt: -1 },
      ...{ suppressedAt: -1, acknowledgedAt: -1, snoozedAt: AT, snoozedId: 1, resolvedAt: -1, resolvedId: 0 },
      snoozedUntil: Date.UTC(10_000, 0, 1, 12),
      outcome: undefined,
    }
    const { actions } = shown(stored({ state: { ...EMPTY_STATE, actions: { reactivation: ledger } } }))
    expect(actions.reactivation?.snoozedUntil).toBe('9999-12-31T23:59:59.999Z')
  })

  test('a band is told with the one before only where it changed', () => {
    const decided = {
      band: 'at_risk',
      enteredAt: AT - 9,
      evaluatedAt: AT,
      probability: 0.5,
      expectedLossMinor: 7,
      disposition: 'queued',
      heldUntil: -1,
      predictedAt: -1,
      predictedProbability: 0,
      judged: 0,
    } as const
    const of = (previousBand: 'watch' | 'at_risk' | undefined) =>
      shown(stored({ state: { ...EMPTY_STATE, decided: { ...decided, previousBand } } })).stored
    expect(of('watch')).toMatchObject({ band: 'at_risk', previousBand: 'watch', disposition: 'queued' })
    expect(of('at_risk')?.previousBand).toBeUndefined()
    expect(of(undefined)?.expectedLoss).toEqual({ amountMinor: 7, currency: 'EUR' })
  })
})
