import { type CustomerEvent, EMPTY_STATE, FEATURES, featureVector, fold } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type BuildRowsRequest, buildRows } from './build-rows.ts'
import { parseInstant, parseSplit } from './guard.ts'
import { parsePopulation } from './population.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 0, 1)
const HORIZON = 30 * DAY
const WIDTH = FEATURES.length

let ids = 0
const at = (days: number, knownAfterDays = 0) => ({
  time: START + Math.floor(days * DAY),
  knownAt: START + Math.floor((days + knownAfterDays) * DAY),
  idHash: ++ids,
})
const buy = (customerId: string, days: number, knownAfterDays = 0): CustomerEvent => ({
  type: 'purchase.completed',
  customerId,
  amountMinor: 1_000 + Math.floor(days),
  ...at(days, knownAfterDays),
})
const end = (days: number) => buy('end-of-log', days)

/** Labels by customer at the only cutoff. */
async function labels(request: BuildRowsRequest) {
  const rows = await buildRows(request)
  return Object.fromEntries(rows.customerIds.map((id, i) => [id, rows.labels[i]]))
}

describe('labels', () => {
  test('churn is no purchase in (cutoff, cutoff + horizon], both ends to the millisecond', async () => {
    const cutoff = START + 10 * DAY
    const events = [
      end(60),
      ...['silent', 'on-cutoff', 'just-after', 'on-the-end', 'just-too-late'].map((id) => buy(id, 1)),
      { ...buy('on-cutoff', 10), time: cutoff, knownAt: cutoff },
      { ...buy('just-after', 10), time: cutoff + 1, knownAt: cutoff + 1 },
      buy('on-the-end', 40),
      { ...buy('just-too-late', 40), time: cutoff + HORIZON + 1, knownAt: cutoff + HORIZON + 1 },
    ]
    expect(await labels({ events, cutoffs: [cutoff], horizonMs: HORIZON })).toEqual({
      silent: 1,
      'on-cutoff': 1,
      'just-after': 0,
      'on-the-end': 0,
      'just-too-late': 1,
    })
  })

  test('a purchase that became known late still counts for the label, when it happened, unless that is after until', async () => {
    const events = [buy('late', 1), buy('late', 20, 35), buy('too-late', 1), buy('too-late', 41, 2), end(60)]
    const request = { events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON }
    expect(await labels(request)).toEqual({ late: 0, 'too-late': 1 })
    expect(await labels({ ...request, until: START + 45 * DAY })).toEqual({ late: 1, 'too-late': 1 })
  })

  test('a window may reach to the end of the newest event’s day, and no further', async () => {
    const events = [buy('a', 1), end(39.2)]
    await expect(buildRows({ events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON })).resolves.toMatchObject({
      until: START + 40 * DAY,
    })
    const later = { events, cutoffs: [START + 5 * DAY, START + 10 * DAY + 1], horizonMs: HORIZON }
    await expect(buildRows(later)).rejects.toMatchObject({ code: 'LABEL_LEAKS_PAST_END' })
    await expect(buildRows({ ...later, until: START + 50 * DAY })).resolves.toMatchObject({ until: START + 50 * DAY })
  })
})

describe('what a row knows', () => {
  /** A log in which a fifth of all events becomes known late, in a random order. */
  function untidyLog(seed: number): CustomerEvent[] {
    const uniform = generator(seed)
    const events = Array.from({ length: 1_500 }, (): CustomerEvent => {
      const who = `c${Math.floor(uniform() * 40)}`
      const [days, delay] = [uniform() * 200, uniform() < 0.2 ? uniform() * 40 : 0]
      if (uniform() < 0.6) return buy(who, days, delay)
      return { type: 'support.ticket_opened', customerId: who, complaint: uniform() < 0.5, ...at(days, delay) }
    })
    const keyed = [...events, end(240)].map((event) => ({ event, key: uniform() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ event }) => event)
  }

  test.each([7, 8, 9])('every vector is that of a naive replay of what was known (seed %i)', async (seed) => {
    const events = untidyLog(seed)
    const cutoffs = [110, 40, 75.5, 160].map((days) => START + days * DAY)
    const rows = await buildRows({ events: stream(events), cutoffs, horizonMs: HORIZON })
    const found = new Map(rows.customerIds.map((id, i) => [`${id} ${rows.cutoffs[i]}`, i]))
    let wanted = 0
    for (const cutoff of cutoffs) {
      for (const id of new Set(events.map(({ customerId }) => customerId))) {
        const own = events.filter((event) => event.customerId === id)
        const state = own.filter(({ knownAt }) => knownAt <= cutoff).reduce(fold, EMPTY_STATE)
        if (state.purchases === undefined) continue
        wanted++
        const i = found.get(`${id} ${cutoff}`)!
        const naive = featureVector(state, cutoff)
        const vector = rows.vectors.subarray(i * WIDTH, (i + 1) * WIDTH)
        expect(differences(vector, naive), id).toEqual([])
        const bought = own.some((e) => e.type === 'purchase.completed' && e.time > cutoff && e.time <= cutoff + HORIZON)
        expect(rows.labels[i]).toBe(bought ? 0 : 1)
      }
    }
    expect(rows.customerIds).toHaveLength(wanted)
  })

  test('rows come by cutoff and customer, whatever the order of log and cutoffs', async () => {
    const events = untidyLog(11)
    const [a, b] = [START + 100 * DAY, START + 150 * DAY]
    const one = await buildRows({ events, cutoffs: [b, a], horizonMs: HORIZON })
    const other = await buildRows({ events: events.toReversed(), cutoffs: [a, b], horizonMs: HORIZON })
    expect(one.customerIds).toEqual(other.customerIds)
    expect(one.cutoffs).toEqual(other.cutoffs)
    expect([...one.cutoffs].every((cutoff, i) => i === 0 || cutoff >= one.cutoffs[i - 1]!)).toBe(true)
    expect(differences(one.vectors, other.vectors)).toEqual([])
  })
})

describe('who is in', () => {
  test('whoever has bought, or bought lately', async () => {
    const visitor: CustomerEvent = { type: 'engagement.visited', customerId: 'visitor', ...at(2) }
    const events = [buy('old', 1), buy('recent', 40), visitor, buy('later', 51), end(90)]
    const request = { events, cutoffs: [START + 50 * DAY], horizonMs: HORIZON }
    expect((await buildRows(request)).customerIds).toEqual(['old', 'recent'])
    const active = await buildRows({ ...request, population: parsePopulation('active:20d') })
    expect(active.customerIds).toEqual(['recent'])
    await expect(buildRows({ ...request, population: parsePopulation('active:5d') })).rejects.toMatchObject({
      code: 'NOBODY_IN_POPULATION',
    })
    expect(() => parsePopulation('most')).toThrow('neither "ever"')
  })

  test('an erased customer leaves no row, not even of the time before', async () => {
    const gone: CustomerEvent = { type: 'customer.erased', customerId: 'gone', ...at(45) }
    for (const events of [
      [buy('a', 1), buy('gone', 1), gone, end(60)],
      [gone, buy('a', 1), end(60), buy('gone', 1)],
    ]) {
      const request = { events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON }
      expect((await buildRows(request)).customerIds).toEqual(['a'])
      expect((await buildRows({ ...request, until: START + 42 * DAY })).customerIds).toEqual(['a'])
    }
  })
})

describe('bad input', () => {
  const events = [buy('a', 5), end(60)]
  test.each([
    ['an empty log', { events: [] }, 'LOG_EMPTY'],
    ['nothing before until', { until: START + 41 * DAY, events: [end(60)] }, 'LOG_EMPTY'],
    ['a cutoff before the log', { cutoffs: [START] }, 'CUTOFF_OUTSIDE_LOG'],
    ['a cutoff after the log', { cutoffs: [START + 70 * DAY] }, 'LABEL_LEAKS_PAST_END'],
    ['no cutoff', { cutoffs: [] }, 'CUTOFFS_INVALID'],
    ['a cutoff twice', { cutoffs: [START, START] }, 'CUTOFFS_INVALID'],
    ['a cutoff that is no number', { cutoffs: [Number.NaN] }, 'CUTOFFS_INVALID'],
    ['a horizon that is no number', { horizonMs: Number.NaN }, 'HORIZON_INVALID'],
  ])('%s', async (_, change, code) => {
    const request = { events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON, ...change }
    await expect(buildRows(request)).rejects.toMatchObject({ name: 'HoldfastError', code })
  })

  test('what we decided ourselves, today, does not make the log reach to today', async () => {
    const decided: CustomerEvent = {
      type: 'action.decided',
      customerId: 'a',
      action: 'reactivation',
      enteredAt: START,
      ...at(500),
    }
    const request = { events: [...events, decided], cutoffs: [START + 50 * DAY], horizonMs: HORIZON }
    await expect(buildRows(request)).rejects.toMatchObject({ code: 'LABEL_LEAKS_PAST_END' })
  })

  test('history that says it was recorded only today is told from a cutoff that is too early', async () => {
    const imported = [{ ...buy('a', 5), knownAt: START + 500 * DAY }, end(60)]
    const request = { events: imported, cutoffs: [START + 10 * DAY], horizonMs: HORIZON }
    await expect(buildRows(request)).rejects.toMatchObject({ cure: expect.stringContaining('recordedtime') })
  })

  test('a log appended to itself is refused; a duplicate at once is dropped', async () => {
    const log = Array.from({ length: 300 }, (_, i) => buy(`c${i % 5}`, 1 + i / 50))
    const request = { cutoffs: [START + 10 * DAY], horizonMs: HORIZON }
    await expect(buildRows({ ...request, events: [...log, ...log, end(60)] })).rejects.toMatchObject({
      code: 'DUPLICATE_IDS',
    })
    const stuttering = [...log.flatMap((event) => [event, event]), end(60)]
    const once = await buildRows({ ...request, events: [...log, end(60)] })
    expect((await buildRows({ ...request, events: stuttering })).vectors).toEqual(once.vectors)
  })

  test('a random split is refused with the reason', () => {
    expect(() => parseSplit('random:0.2')).toThrow('recency nearly spells out the label')
    expect(parseSplit('time:2025-02-01')).toBe(Date.UTC(2025, 1, 1))
    expect(parseInstant('2025-02-30')).toBeUndefined()
    expect(parseInstant('2025-02-03T10:00:00+01:00')).toBe(Date.UTC(2025, 1, 3, 9))
  })
})

async function* stream(events: readonly CustomerEvent[]) {
  yield* events
}

/** Names of the features that differ by more than rounding. */
function differences(a: Float64Array, b: Float64Array): string[] {
  expect(a.length).toBe(b.length)
  return [...a.keys()]
    .filter((i) => !(Math.abs(a[i]! - b[i]!) <= 1e-9 * Math.max(1, Math.abs(b[i]!))))
    .map((i) => `${FEATURES[i % WIDTH]!.name}: ${a[i]} and ${b[i]}`)
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
