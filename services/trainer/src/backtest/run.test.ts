import { readFile } from 'node:fs/promises'
import { createDecoder, parseManifest, parsePolicy } from '@holdfast/contracts'
import { type CustomerEvent, createSimulation, DAY_MS, type EvaluateContext, heardAt } from '@holdfast/core'
import { riskModelOf } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { describe, expect, test } from 'vitest'
import { endOfDay } from '../dataset/guard.ts'
import { DEFAULT_SHOP_MONEY } from '../default-shop.ts'
import type { EventSource } from '../source/event-source.ts'
import { type NaiveDecision, naiveLife } from './naive-life.ts'
import { backtestReport } from './report.ts'
import { runBacktest } from './run.ts'

const OPENS = Date.UTC(2024, 0, 1)
const FROM = OPENS + 200 * DAY_MS
const TO = OPENS + 330 * DAY_MS
const CLOSES = OPENS + 440 * DAY_MS

const manifest = new URL('../../../../models/v1/manifest.json', import.meta.url)
const model = riskModelOf(parseManifest(await readFile(manifest, 'utf8')))
const contextOf = (yaml: string): EvaluateContext => ({ model, policy: parsePolicy(yaml), modelMaySend: true })
const OPEN = 'consentWhenUnknown: { marketing: true }'

function shopEvents(customers: number, seed = 8): CustomerEvent[] {
  const decode = createDecoder(DEFAULT_SHOP_MONEY)
  return [...generateShop({ seed, customers, from: OPENS, until: CLOSES }).events].map(({ role, event }) => {
    const decoded = decode(role, Buffer.from(JSON.stringify(event)), CLOSES)
    if (decoded.kind !== 'event') throw new Error(`no event: ${JSON.stringify(decoded)}`)
    return decoded.event
  })
}

function sourceOf(events: readonly CustomerEvent[]): EventSource {
  const end = events.length === 0 ? undefined : endOfDay(events.reduce((newest, { time }) => Math.max(newest, time), 0))
  const counts = { events: events.length, skipped: 0, invalid: 0, firstInvalid: undefined, generated: 0 }
  return {
    name: 'a test',
    counts: () => ({ ...counts, firstAt: undefined, lastAt: undefined, end }),
    async *[Symbol.asyncIterator]() {
      yield* events
    },
  }
}

/** What people at the shop answered, and what another policy sent, at days of the window. */
function withAnswers(events: readonly CustomerEvent[]): CustomerEvent[] {
  const ids = [...new Set(events.map(({ customerId }) => customerId))]
  const answers = ids.flatMap((customerId, i): CustomerEvent[] => {
    const time = FROM + (1 + (i % 4 === 1 ? 0 : 3 * i)) * DAY_MS + 12_345
    const common = { customerId, time, knownAt: time, idHash: 7_000 + i, enteredAt: time - DAY_MS }
    if (i % 4 === 0) return [{ ...common, type: 'action.resolved', action: 'proactive-outreach', outcome: 'saved' }]
    if (i % 4 === 1) {
      return [{ ...common, type: 'action.snoozed', action: 'proactive-outreach', until: time + 75 * DAY_MS + 777 }]
    }
    if (i % 4 === 2) {
      const before = { ...common, time: FROM - 20 * DAY_MS, knownAt: FROM - 20 * DAY_MS, idHash: 9_000 + i }
      return [
        { ...before, type: 'action.delivered', action: 'proactive-outreach' },
        { ...common, type: 'action.delivered', action: 'reactivation' },
      ]
    }
    return [{ ...common, type: 'consent.changed', purpose: 'outreach', granted: i % 8 === 3 }]
  })
  return [...events, ...answers].sort((a, b) => heardAt(a) - heardAt(b))
}

function simulated(events: readonly CustomerEvent[], context: EvaluateContext): NaiveDecision[] {
  const found: NaiveDecision[] = []
  const simulation = createSimulation({
    ...{ context, from: FROM, to: TO, assume: 'delivered' },
    onErased: () => {},
    onLook({ customerId, at, evaluation: { decision, decided }, isNewDecision }) {
      const { action, disposition, withheld } = decision
      if (isNewDecision && action !== undefined) {
        found.push({ customerId, at, band: decided.band, action, disposition, withheld })
      }
    },
  })
  for (const event of events) expect(simulation.add(event)).toBe(true)
  simulation.end()
  return found
}

function byCustomer<T extends { readonly customerId: string }>(all: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) groups.set(one.customerId, [...(groups.get(one.customerId) ?? []), one])
  return groups
}

/** Once a refusal has become too late as well, it matters to nobody when that was noticed. */
const binding = (decisions: readonly NaiveDecision[]) =>
  decisions.filter(
    ({ withheld, band }, i) =>
      !(withheld === 'too_late' && decisions[i - 1]?.disposition === 'refused' && decisions[i - 1]?.band === band),
  )

describe('against a customer who is looked at day by day, and minute by minute where it matters', () => {
  const events = withAnswers(shopEvents(64))
  const lives = byCustomer(events)

  test.each([
    ['all may be contacted', OPEN, 'snoozed'],
    [
      'long cooldowns',
      `${OPEN}\nactions: { proactive-outreach: { cooldown: 90d }, reactivation: { cooldown: 120d } }`,
      'cooldown',
    ],
  ])(
    'the same decisions within a minute: %s',
    (_name, yaml, hold) => {
      // A nervous model, so that customers enter at_risk again and again and meet the cooldowns of their own jobs.
      const nervous = { ...model, watchLogit: model.watchLogit - 1, atRiskLogit: model.atRiskLogit - 1 }
      const context = { ...contextOf(yaml), model: nervous }
      const found = byCustomer(simulated(events, context))
      let compared = 0
      const seen = new Set<string>()
      for (const [customerId, life] of lives) {
        const expected = binding(naiveLife(life, { context, from: FROM, to: TO, assume: 'delivered' }))
        const decisions = binding(found.get(customerId) ?? [])
        const told = (list: readonly NaiveDecision[]) => list.map(({ at: _at, ...rest }) => rest)
        expect(told(decisions), customerId).toEqual(told(expected))
        for (const [i, { at }] of decisions.entries()) {
          expect(Math.abs(at - expected[i]!.at), `${customerId}, decision ${i}`).toBeLessThanOrEqual(60_000)
        }
        compared += decisions.length
        for (const { disposition, withheld } of decisions) seen.add(withheld ?? disposition)
      }
      expect(compared).toBeGreaterThan(30)
      for (const outcome of ['queued', 'too_late', 'no_consent', hold]) expect(seen).toContain(outcome)
    },
    120_000,
  )
})

describe('a run over a whole log', { timeout: 60_000 }, () => {
  const events = shopEvents(400)
  const request = { from: FROM, to: TO, assume: 'delivered' } as const
  const run = (log: readonly CustomerEvent[], context: EvaluateContext, rest: object = {}) =>
    runBacktest({ ...request, ...rest, source: sourceOf(log), context })
  const jobs = async (yaml: string, rest: object = {}) => {
    const { jobs } = backtestReport({ ...request, context: contextOf(yaml) }, await run(events, contextOf(yaml), rest))
    return jobs['proactive-outreach'].queued
  }

  test('a longer cooldown means fewer jobs, no delivery means more, a policy that is off none', async () => {
    const policy = (rules: string) => `actions: { proactive-outreach: { ${rules} } }`
    const short = await jobs(policy('cooldown: 1d'))
    const long = await jobs(policy('cooldown: 120d'))
    expect(long).toBeGreaterThan(0)
    expect(long).toBeLessThan(short)
    expect(await jobs(policy('cooldown: 120d'), { assume: 'none' })).toBeGreaterThan(long)
    expect(await jobs(policy('enabled: false'))).toBe(0)
  })

  test('figures agree with each other and with the log', async () => {
    const context = contextOf(OPEN)
    const ran = await run(events, context)
    const report = backtestReport({ ...request, context }, ran)
    expect(ran.inOrder).toBe(true)
    expect(report.days).toHaveLength(130)
    // Everybody who had been heard of by the end is in some band.
    const known = new Set(events.filter((event) => heardAt(event) < TO).map(({ customerId }) => customerId))
    const erased = new Set(
      events.filter(({ type, knownAt }) => type === 'customer.erased' && knownAt < TO).map((event) => event.customerId),
    )
    expect(Object.values(report.days.at(-1)!.bands).reduce((a, b) => a + b)).toBe(known.size - erased.size)
    for (const { bands } of report.days) for (const n of Object.values(bands)) expect(n).toBeGreaterThanOrEqual(0)

    // Who was contacted and what came of it, from the raw purchases.
    const contacts = simulated(events, context).filter(({ disposition }) => disposition === 'queued')
    for (const kind of ['proactive-outreach', 'reactivation'] as const) {
      const ended = contacts.filter(({ action, at }) => action === kind && at + model.horizonMs <= ran.until)
      const churned = ended.filter(
        ({ customerId, at }) =>
          !events.some(
            (event) =>
              event.type === 'purchase.completed' &&
              event.customerId === customerId &&
              event.time > at &&
              event.time <= at + model.horizonMs,
          ),
      )
      expect(report.jobs[kind].queued).toBe(contacts.filter(({ action }) => action === kind).length)
      expect(report.contacted[kind]).toMatchObject({ judged: ended.length, churned: churned.length })
      expect(ended.length).toBeGreaterThan(0)
    }
    expect(report.contacted['proactive-outreach'].share).toBeGreaterThan(report.everybody.share!)
    expect(report.warning.warned).toBeLessThanOrEqual(report.warning.lapsed)
    expect(report.warning.days!.median).toBeGreaterThan(1)
    expect(report.warning.days!.most).toBeLessThanOrEqual(90)
  })

  test('a log in another order gives the same, whether customer by customer or shuffled', async () => {
    const context = contextOf(OPEN)
    const { states: _states, ...inOrder } = await run(events, context)
    const grouped = [...byCustomer(events).values()].flat()
    const { states: _s, ...byGroups } = await run(grouped, context)
    expect(byGroups.inOrder).toBe(true)
    expect(byGroups.tallied).toEqual(inOrder.tallied)
    const { states: _t, ...reversed } = await run(events.toReversed(), context)
    expect(reversed.inOrder).toBe(false)
    expect(reversed.tallied).toEqual(inOrder.tallied)
  })

  test('what cannot be run says why', async () => {
    const context = contextOf('{}')
    await expect(run([], context)).rejects.toThrow(/holds no event/)
    await expect(run(events, context, { from: OPENS - DAY_MS })).rejects.toThrow(/nothing was known yet/)
    await expect(run(events, context, { to: CLOSES + 2 * DAY_MS })).rejects.toThrow(/the log ends on/)
    await expect(run(events, context, { from: TO })).rejects.toThrow(/would begin on .* and end on/)
  })
})
