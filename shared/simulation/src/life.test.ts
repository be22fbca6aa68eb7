import { describe, expect, test } from 'vitest'
import type { GeneratedCustomer } from './generated-customer.ts'
import { observe } from './observation.ts'
import { DEFAULT_POPULATION } from './population.ts'
import { DAY_MS, Season } from './season.ts'
import { generateShop } from './shop.ts'

/**
 * The customers against their own truth. Where a count N should have the conditional rate Λ', N - Λ is a martingale with
 * variance Λ (Aalen 1978), so (ΣN - ΣΛ) / √ΣΛ is a standard normal: a check of rates that needs no closed form.
 */
const FROM = Date.UTC(2024, 0, 1)
const UNTIL = FROM + 730 * DAY_MS
const season = new Season(DEFAULT_POPULATION.season)
const customers = [...generateShop({ seed: 11, customers: 4000, from: FROM, until: UNTIL }).customers]
const buyers = customers.filter(({ truth }) => truth.boughtFirstAt !== undefined)

const z = (counted: number, expected: number): number => (counted - expected) / Math.sqrt(expected)
const countOf = (customer: GeneratedCustomer, type: string, from: number, to: number): number =>
  customer.events.filter(({ event, timeMs }) => event.type === type && timeMs > from && timeMs <= to).length
const endOf = ({ truth }: GeneratedCustomer): number => Math.min(UNTIL, truth.erasedAt ?? UNTIL)

test('rates over customers follow the population', () => {
  for (const [trait, prior] of [
    ['purchaseRate', DEFAULT_POPULATION.purchases],
    ['dropoutRate', DEFAULT_POPULATION.dropout],
    ['visitRate', DEFAULT_POPULATION.visits],
    ['openRate', DEFAULT_POPULATION.opens],
  ] as const) {
    const rates = customers.map(({ truth }) => truth.traits[trait])
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
    const sigma = prior.meanPerDay / Math.sqrt(prior.shape * rates.length)
    expect(Math.abs(mean - prior.meanPerDay) / sigma).toBeLessThan(3.5)
  }
})

describe('purchases', () => {
  test('come at the rate and season of an active customer, at the reduced rate while fading, and never after', () => {
    let counted = { active: 0, fading: 0 }
    const expected = { active: 0, fading: 0 }
    for (const customer of buyers) {
      const { truth } = customer
      const end = endOf(customer)
      const first = truth.boughtFirstAt ?? end
      const fades = Math.min(end, truth.fadesAt ?? end)
      const leaves = Math.min(end, truth.leavesAt ?? end)
      const rate = truth.traits.purchaseRate
      expected.active += rate * (season.days(fades) - season.days(first))
      expected.fading += rate * DEFAULT_POPULATION.purchaseFactor.fading * (season.days(leaves) - season.days(fades))
      counted = {
        active: counted.active + countOf(customer, 'purchase.completed', first, fades),
        fading: counted.fading + countOf(customer, 'purchase.completed', fades, leaves),
      }
      // A session that began before leaving may still end in a purchase.
      expect(countOf(customer, 'purchase.completed', leaves + 26 * 60_000, end)).toBe(0)
    }
    expect(Math.abs(z(counted.active, expected.active))).toBeLessThan(3.5)
    expect(Math.abs(z(counted.fading, expected.fading))).toBeLessThan(3.5)
  })
})

describe('dropout', () => {
  const oneTime = buyers.filter(({ truth }) => truth.fadesAt === truth.boughtFirstAt)

  test('takes the one-time share with the first purchase', () => {
    const share = DEFAULT_POPULATION.oneTimeShare
    const sigma = Math.sqrt(share * (1 - share) * buyers.length)
    expect(Math.abs(oneTime.length - share * buyers.length) / sigma).toBeLessThan(3.5)
  })

  test('comes at the hazard that the strain in the events makes, calm or strained', () => {
    const counted = { calm: 0, strained: 0 }
    const expected = { calm: 0, strained: 0 }
    for (const customer of buyers) {
      const { truth, events } = customer
      const end = endOf(customer)
      if (truth.boughtFirstAt === undefined || truth.fadesAt === truth.boughtFirstAt) continue
      const hazard = observe(events, (truth.erasedAt ?? UNTIL) - 1, DEFAULT_POPULATION)?.hazard
      if (hazard === undefined) throw new Error(`${customer.id} cannot be observed`)
      const activeUntil = Math.min(end, truth.fadesAt ?? end)
      const edges = [...hazard.knots.filter((knot) => knot < activeUntil), activeUntil]
      for (let i = 1; i < edges.length; i++) {
        const start = edges[i - 1] ?? activeUntil
        const which = hazard.slope(start) > 1 ? 'strained' : 'calm'
        expected[which] += truth.traits.dropoutRate * (hazard.value(edges[i] ?? start) - hazard.value(start))
      }
      if (truth.fadesAt !== undefined && truth.fadesAt < end) {
        counted[hazard.slope(truth.fadesAt) > 1 ? 'strained' : 'calm']++
      }
    }
    expect(Math.abs(z(counted.calm, expected.calm))).toBeLessThan(3.5)
    expect(Math.abs(z(counted.strained, expected.strained))).toBeLessThan(3.5)
    expect(counted.strained).toBeGreaterThan(100)
  })

  test('is often announced: requests to downgrade or pause while fading, a goodbye at the end', () => {
    const faded = buyers.filter(
      (customer) => (customer.truth.leavesAt ?? UNTIL) < endOf(customer) && !oneTime.includes(customer),
    )
    const goodbyes = faded.filter(({ events, truth }) =>
      events.some(
        ({ event, timeMs }) =>
          event.type === 'contract.change_requested' && timeMs === Math.ceil(truth.leavesAt ?? Number.NaN),
      ),
    )
    const { goodbyeChance } = DEFAULT_POPULATION
    const sigma = Math.sqrt(goodbyeChance * (1 - goodbyeChance) * faded.length)
    expect(Math.abs(goodbyes.length - goodbyeChance * faded.length) / sigma).toBeLessThan(3.5)
  })
})

test('the shop looks like one', () => {
  const gaps = buyers
    .map(({ events }) => events.filter(({ event }) => event.type === 'purchase.completed').map(({ timeMs }) => timeMs))
    .filter((times) => times.length > 3)
    .map((times) => ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1) / DAY_MS)
    .sort((a, b) => a - b)
  const quantile = (share: number): number => gaps[Math.floor(share * gaps.length)] ?? 0
  expect(quantile(0.1)).toBeLessThan(25)
  expect(quantile(0.5)).toBeGreaterThan(35)
  expect(quantile(0.75)).toBeGreaterThan(60)
  const all = customers.flatMap(({ events }) => events)
  const share = all.filter(({ role }) => role === 'purchases').length / all.length
  expect(share).toBeGreaterThan(0.3)
  expect(share).toBeLessThan(0.45)
  // Of those who have bought once and are left to think about it, about half never come back.
  const at = FROM + 300 * DAY_MS
  const once = buyers.filter((customer) => countOf(customer, 'purchase.completed', 0, at) === 1)
  const lost = once.filter((customer) => countOf(customer, 'purchase.completed', at, UNTIL) === 0)
  expect(lost.length / once.length).toBeGreaterThan(0.4)
  expect(lost.length / once.length).toBeLessThan(0.7)
})
