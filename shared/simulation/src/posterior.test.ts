import { describe, expect, test } from 'vitest'
import { type EventData, eventFactory, type ShopEvent, type ShopEventType } from './event.ts'
import { observe } from './observation.ts'
import { type ByPhase, DEFAULT_POPULATION, type Population } from './population.ts'
import { posteriorNoPurchase } from './posterior.ts'
import { DAY_MS, Season } from './season.ts'

const FROM = Date.UTC(2024, 0, 1)
const HORIZON_MS = 90 * DAY_MS
const FLAT = Array.from({ length: 12 }, () => 1)
const SAME: ByPhase = { active: 1, fading: 1, gone: 1 }
const NONE: ByPhase = { active: 0, fading: 0, gone: 0 }

/** What is left of the population is Pareto/NBD: no season, no fading, no other signal. */
const PARETO_NBD: Population = {
  ...DEFAULT_POPULATION,
  season: FLAT,
  oneTimeShare: 0,
  fading: [{ days: 0, share: 1 }],
  visitFactor: SAME,
  openFactor: SAME,
  contract: { upgrade: NONE, downgrade: NONE, pause: NONE, cancel: NONE },
  goodbyeChance: 0,
  withdrawals: NONE,
}

const makeEvent = eventFactory(0)
let serial = 0
const event = (type: ShopEventType, day: number, data: EventData): ShopEvent =>
  makeEvent(type, `e-${serial++}`, 'cust-000001', FROM + day * DAY_MS, data)
const purchase = (day: number): ShopEvent => event('purchase.completed', day, { channel: 'store' })

function probability(events: readonly ShopEvent[], day: number, population: Population): number {
  const seen = observe(events, FROM + day * DAY_MS, population)
  if (seen === undefined) throw new Error('nothing to observe')
  return posteriorNoPurchase(seen, HORIZON_MS, population, new Season(population.season))
}

/** Gauss's hypergeometric series. */
function hypergeometric(a: number, b: number, c: number, z: number): number {
  let term = 1
  let sum = 1
  for (let n = 0; n < 100_000 && Math.abs(term) > 1e-16 * Math.abs(sum); n++) {
    term *= ((a + n) * (b + n) * z) / ((c + n) * (n + 1))
    sum += term
  }
  return sum
}

/** Likelihood of (x, tx, T) up to a factor that depends on x alone: Fader and Hardie (2005), equations 17 to 20. */
function paretoNbd(r: number, alpha: number, s: number, beta: number, x: number, tx: number, T: number): number {
  const at = (t: number): number =>
    alpha >= beta
      ? hypergeometric(r + s + x, s + 1, r + s + x + 1, (alpha - beta) / (alpha + t)) / (alpha + t) ** (r + s + x)
      : hypergeometric(r + s + x, r + x, r + s + x + 1, (beta - alpha) / (beta + t)) / (beta + t) ** (r + s + x)
  return 1 / ((alpha + T) ** (r + x) * (beta + T) ** s) + (s / (r + s + x)) * (at(tx) - at(T))
}

describe('the posterior', () => {
  test.each([
    { days: [0], T: 40 },
    { days: [0], T: 500 },
    { days: [0, 30, 45], T: 60 },
    { days: [0, 30, 45], T: 300 },
    { days: [0, 20, 41, 63, 80, 99, 124, 140], T: 145 },
    { days: [0, 20, 41, 63, 80, 99, 124, 140], T: 260 },
  ])('is that of Pareto/NBD where the population is: $days, $T days', ({ days, T }) => {
    const { purchases, dropout } = PARETO_NBD
    for (const scale of [1, 0.02]) {
      // The closed form has two branches, by which of the two scale parameters is the larger.
      const population = { ...PARETO_NBD, dropout: { ...dropout, meanPerDay: dropout.meanPerDay / scale } }
      const beta = population.dropout.shape / population.dropout.meanPerDay
      const alpha = purchases.shape / purchases.meanPerDay
      const likelihood = (until: number): number =>
        paretoNbd(purchases.shape, alpha, dropout.shape, beta, days.length - 1, days.at(-1) ?? 0, until)
      const expected = likelihood(T + 90) / likelihood(T)
      expect(probability(days.map(purchase), T, population)).toBeCloseTo(expected, 4)
    }
  })

  const regular = [0, 31, 55, 90, 118].map(purchase)
  const day = 180
  const base = probability(regular, day, DEFAULT_POPULATION)

  test('rises in silence and falls with a purchase', () => {
    expect(probability(regular, day + 30, DEFAULT_POPULATION)).toBeGreaterThan(base)
    expect(probability([...regular, purchase(day - 2)], day, DEFAULT_POPULATION)).toBeLessThan(base)
  })

  test.each([
    ['a complaint', event('support.ticket_opened', day - 40, { ticketId: 't', complaint: true }), 'rises'],
    ['a cancel request', event('contract.change_requested', day - 10, { kind: 'cancel' }), 'rises'],
    ['a downgrade request', event('contract.change_requested', day - 10, { kind: 'downgrade' }), 'rises'],
    ['a visit', event('engagement.visited', day - 5, {}), 'falls'],
    ['an upgrade', event('contract.change_requested', day - 5, { kind: 'upgrade' }), 'falls'],
  ] as const)('hears %s', (_name, extra, direction) => {
    const heard = probability([...regular, extra], day, DEFAULT_POPULATION)
    if (direction === 'rises') expect(heard).toBeGreaterThan(base + 0.01)
    else expect(heard).toBeLessThan(base - 0.01)
  })

  test('does not look past its instant', () => {
    expect(
      probability([...regular, purchase(day + 1), event('customer.erased', day + 2, {})], day, DEFAULT_POPULATION),
    ).toBe(base)
  })
})

test('a visit that led to a purchase in the same session is no sighting of its own', () => {
  const events = [
    purchase(0),
    event('engagement.visited', 3, {}),
    event('engagement.visited', 8, {}),
    event('engagement.visited', 9.99, {}),
    event('purchase.completed', 10, { channel: 'web' }),
    event('engagement.visited', 19.99, {}),
    purchase(20),
  ]
  expect(observe(events, FROM + 30 * DAY_MS, DEFAULT_POPULATION)?.visits).toBe(3)
})

test('nobody without a purchase, and nobody erased, is observed', () => {
  const at = FROM + 10 * DAY_MS
  expect(observe([event('engagement.visited', 1, {})], at, DEFAULT_POPULATION)).toBeUndefined()
  expect(observe([purchase(1), event('customer.erased', 2, {})], at, DEFAULT_POPULATION)).toBeUndefined()
})
