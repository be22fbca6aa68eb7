import { createDecoder } from '@holdfast/contracts'
import { ROLE_OF_TYPE } from '@holdfast/core'
import { describe, expect, test, vi } from 'vitest'
import type { ShopEvent } from './event.ts'
import { generateShop, type ShopOptions } from './shop.ts'
import { shopSpeed } from './speed.ts'

// Whole shops are lived through; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 })

const DAY_MS = 86_400_000
const FROM = Date.UTC(2024, 2, 10)
const OPTIONS: ShopOptions = { seed: 42, customers: 400, from: FROM, until: FROM + 500 * DAY_MS }

const take = (options: ShopOptions): ShopEvent[] => [...generateShop(options).events]

describe('the stream', () => {
  const events = take(OPTIONS)

  test('is the same for the same options, and another for another seed', () => {
    expect(take(OPTIONS)).toEqual(events)
    expect(take({ ...OPTIONS, seed: 43 })).not.toEqual(events)
  })

  test('is ordered by time and stays within its bounds', () => {
    for (let i = 1; i < events.length; i++) {
      expect(events[i]?.timeMs ?? 0).toBeGreaterThanOrEqual(events[i - 1]?.timeMs ?? 0)
    }
    expect(events[0]?.timeMs).toBeGreaterThanOrEqual(FROM)
    expect(events.at(-1)?.timeMs).toBeLessThan(OPTIONS.until)
    expect(events.every(({ event, timeMs }) => Date.parse(event.time) === timeMs)).toBe(true)
  })

  test.each([0, 1, 59.5, 250, 499.99])('continues after %d days as if it had never stopped', (days) => {
    const cut = FROM + days * DAY_MS + (days === 0 ? 1 : 0)
    const customersBy = OPTIONS.until
    const before = take({ ...OPTIONS, until: cut, customersBy })
    const after = take({ ...OPTIONS, customersBy, resumeFrom: cut })
    expect([...before, ...after]).toEqual(events)
  })

  test('continues when the cut falls on an event: it belongs to the second half', () => {
    const cut = events[1234]?.timeMs ?? 0
    const before = take({ ...OPTIONS, until: cut, customersBy: OPTIONS.until })
    expect([...before, ...take({ ...OPTIONS, resumeFrom: cut })]).toEqual(events)
    expect(before.at(-1)?.timeMs).toBeLessThan(cut)
  })

  test('goes on without end when asked, with new customers at the same pace', () => {
    const endless = generateShop({ ...OPTIONS, until: Number.POSITIVE_INFINITY, customersBy: OPTIONS.until })
    const seen: ShopEvent[] = []
    for (const event of endless.events) {
      if (event.timeMs >= OPTIONS.until + 100 * DAY_MS) break
      seen.push(event)
    }
    expect(seen.slice(0, events.length)).toEqual(events)
    const firstSeen = new Set(events.map(({ event }) => event.subject))
    const later = new Set(seen.slice(events.length).map(({ event }) => event.subject))
    const newcomers = [...later].filter((id) => !firstSeen.has(id)).length
    // 70 % of 400 customers sign up evenly over 500 days.
    expect(newcomers).toBeGreaterThan(50)
    expect(newcomers).toBeLessThan(62)
  })

  test('holds exactly the customers asked for, arriving over the whole span', () => {
    const firsts = new Map<string, number>()
    for (const { event, timeMs } of events) if (!firsts.has(event.subject)) firsts.set(event.subject, timeMs)
    expect(firsts.size).toBeGreaterThanOrEqual(399)
    expect(firsts.size).toBeLessThanOrEqual(400)
    const quarters = [0, 0, 0, 0]
    for (const at of firsts.values()) {
      const quarter = Math.floor((at - FROM) / (125 * DAY_MS))
      quarters[quarter] = (quarters[quarter] ?? 0) + 1
    }
    expect(Math.min(...quarters)).toBeGreaterThan(60)
  })

  test('names each event once, on the topic of its type, under a source that says it is generated', () => {
    const names = new Set(events.map(({ event }) => `${event.source} ${event.id}`))
    expect(names.size).toBe(events.length)
    expect(events.every(({ role, event }) => role === ROLE_OF_TYPE[event.type])).toBe(true)
    expect(events.every(({ event }) => event.source.startsWith('urn:holdfast:generated-shop'))).toBe(true)
  })

  test('is understood by the contract, to the last event', () => {
    const decode = createDecoder({ base: 'EUR', rates: { GBP: '1.17', USD: '0.92' } })
    const encoder = new TextEncoder()
    for (const { role, event, timeMs } of events) {
      const decoded = decode(role, encoder.encode(JSON.stringify(event)), timeMs)
      if (decoded.kind !== 'event') throw new Error(`${JSON.stringify(event)}: ${JSON.stringify(decoded)}`)
      expect(decoded.event.time).toBe(timeMs)
    }
  })

  test('is, customer by customer, what the customer lived through', () => {
    const shop = generateShop(OPTIONS)
    for (const id of ['cust-000000', 'cust-000007', 'cust-000399']) {
      expect(shop.customer(id)?.events ?? []).toEqual(events.filter(({ event }) => event.subject === id))
    }
    expect(shop.customer('cust-000400')).toBeUndefined()
    expect(shop.customer('cust-7')).toBeUndefined()
    expect([...shop.customers].flatMap((customer) => customer.events).length).toBe(events.length)
  })

  test('is counted by the speedometer', () => {
    const speed = shopSpeed(events)
    expect(speed.events).toBe(events.length)
    expect(speed.jsonChars).toBe(events.reduce((sum, { event }) => sum + JSON.stringify(event).length, 0))
    expect(shopSpeed(events, 10).events).toBe(10)
  })
})

test('everything that can happen to a customer happens', () => {
  const types = new Set(take({ ...OPTIONS, customers: 3000 }).map(({ event }) => event.type))
  const expected = Object.keys(ROLE_OF_TYPE).filter((type) => !type.startsWith('action.'))
  expect([...types].sort()).toEqual(expected.sort())
})

test('some customers pay in pounds or dollars, and live in other time zones', () => {
  const events = take({ ...OPTIONS, customers: 1500 })
  const paid = events.filter(({ event }) => event.type === 'purchase.completed')
  const foreign = paid.filter(({ event }) => event.data.currency !== 'EUR').length / paid.length
  expect(foreign).toBeGreaterThan(0.08)
  expect(foreign).toBeLessThan(0.25)
  expect(new Set(events.map(({ event }) => event.data.timezone)).size).toBeGreaterThan(8)
})

test.each([
  [{ seed: 1.5 }, /seed/],
  [{ customers: 0 }, /customers/],
  [{ until: FROM }, /until/],
  [{ until: Number.POSITIVE_INFINITY }, /customersBy/],
])('refuses %j with a reason', (wrong, reason) => {
  expect(() => generateShop({ ...OPTIONS, ...wrong })).toThrow(reason)
})
