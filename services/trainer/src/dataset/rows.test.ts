import { type CustomerEvent, EMPTY_STATE, FEATURES, featureVector, fold } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { buildRows } from './rows.ts'
import { featureColumn } from './table.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 0, 1)
const HORIZON = 30 * DAY

let ids = 0
const at = (days: number, knownAfterDays = 0) => ({
  time: START + days * DAY,
  knownAt: START + (days + knownAfterDays) * DAY,
  idHash: ++ids,
})
const buy = (customerId: string, days: number, knownAfterDays = 0): CustomerEvent => ({
  type: 'purchase.completed',
  customerId,
  amountMinor: 1_000 + days,
  ...at(days, knownAfterDays),
})
const known = (events: CustomerEvent[]) => events.toSorted((a, b) => a.knownAt - b.knownAt)

/** The log's last word, so that horizons before it are complete. */
const end = (days: number) => buy('end-of-log', days)

describe('labels', () => {
  test('churn is no purchase in (cutoff, cutoff + horizon], both ends to the millisecond', async () => {
    const cutoff = START + 10 * DAY
    const events = known([
      ...['silent', 'on-cutoff', 'just-after', 'on-the-end', 'just-too-late'].map((id) => buy(id, 1)),
      { ...buy('on-cutoff', 10), time: cutoff, knownAt: cutoff },
      { ...buy('just-after', 10), time: cutoff + 1, knownAt: cutoff + 1 },
      buy('on-the-end', 40),
      { ...buy('just-too-late', 40), time: cutoff + HORIZON + 1, knownAt: cutoff + HORIZON + 1 },
      end(60),
    ])
    const [rows] = await buildRows({ events, cutoffs: [cutoff], horizonMs: HORIZON })
    expect(Object.fromEntries(rows!.customers.map((id, i) => [id, rows!.y[i]]))).toEqual({
      silent: 1,
      'on-cutoff': 1,
      'just-after': 0,
      'on-the-end': 0,
      'just-too-late': 1,
    })
  })

  test('a purchase that became known late still counts for the label, when it happened', async () => {
    const events = known([buy('late', 1), buy('late', 20, 35), buy('too-late', 1), buy('too-late', 41, 2), end(60)])
    const [rows] = await buildRows({ events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON })
    expect(Object.fromEntries(rows!.customers.map((id, i) => [id, rows!.y[i]]))).toEqual({ late: 0, 'too-late': 1 })
  })

  test('a horizon past the end of the log is refused', async () => {
    const events = [buy('a', 1), end(39)]
    await expect(buildRows({ events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON })).rejects.toMatchObject({
      code: 'window_past_end',
      message: expect.stringContaining('2025-02-10'),
    })
    await expect(buildRows({ events: [], cutoffs: [START], horizonMs: 1 })).rejects.toThrow(/log is empty/)
  })
})

describe('what a row knows', () => {
  test('an event known at the cutoff to the millisecond is in the vector', async () => {
    const events = [buy('a', 1), buy('a', 10), end(60)]
    const [rows] = await buildRows({ events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON })
    expect([...featureColumn({ ...rows!, features: FEATURES.length }, 'recencyDays')]).toEqual([0])
  })

  test('a customer is lapsed from the end of the horizon on, to the millisecond', async () => {
    const cutoff = START + 40 * DAY
    const events = known([buy('lapsed', 10), { ...buy('not yet', 10), time: START + 10 * DAY + 1 }, end(80)])
    const [rows] = await buildRows({ events, cutoffs: [cutoff], horizonMs: HORIZON })
    expect(Object.fromEntries(rows!.customers.map((id, i) => [id, rows!.lapsed[i]]))).toEqual({
      lapsed: 1,
      'not yet': 0,
    })
  })

  test('an event that happened before the cutoff but became known after it is not in the vector', async () => {
    const events = known([buy('a', 1), buy('a', 9, 5), buy('b', 1), end(60)])
    const [rows] = await buildRows({ events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON })
    const width = FEATURES.length
    expect(rows!.x.slice(0, width)).toEqual(rows!.x.slice(width, 2 * width))
  })

  test('every vector is that of a naive replay of what was known', async () => {
    const uniform = generator(7)
    const people = Array.from({ length: 40 }, (_, i) => `c${i}`)
    const events = known(
      Array.from({ length: 1_200 }, () => {
        const who = people[Math.floor(uniform() * people.length)]!
        const [days, delay] = [uniform() * 200, uniform() < 0.2 ? uniform() * 20 : 0]
        return uniform() < 0.6
          ? buy(who, days, delay)
          : ({
              type: 'support.ticket_opened',
              customerId: who,
              complaint: uniform() < 0.5,
              ...at(days, delay),
            } satisfies CustomerEvent)
      }),
    ).concat(end(240))
    const cutoffs = [40, 75.5, 110, 160].map((days) => START + days * DAY)
    const snapshots = await buildRows({ events: stream(events), cutoffs, horizonMs: HORIZON })
    expect(snapshots.map(({ cutoff }) => cutoff)).toEqual(cutoffs)
    for (const { cutoff, customers, x, y, lapsed } of snapshots) {
      const naive = people.flatMap((id) => {
        const own = events.filter((event) => event.customerId === id)
        const state = own.filter(({ knownAt }) => knownAt <= cutoff).reduce(fold, EMPTY_STATE)
        if (state.purchases === undefined) return []
        const buys = own.filter(({ type }) => type === 'purchase.completed')
        const churned = !buys.some(({ time }) => time > cutoff && time <= cutoff + HORIZON)
        const silent = !buys.some(({ time, knownAt }) => knownAt <= cutoff && time > cutoff - HORIZON)
        return [{ id, vector: Float32Array.from(featureVector(state, cutoff)), churned, silent }]
      })
      expect(customers.toSorted()).toEqual(naive.map(({ id }) => id).toSorted())
      for (const { id, vector, churned, silent } of naive) {
        const i = customers.indexOf(id)
        expect(x.slice(i * FEATURES.length, (i + 1) * FEATURES.length)).toEqual(vector)
        expect([y[i], lapsed[i]]).toEqual([Number(churned), Number(silent)])
      }
    }
  })
})

describe('who is in', () => {
  test('nobody who has not bought yet, and whoever the population asks for', async () => {
    const events = known([buy('a', 1), buy('b', 2), buy('late', 11), end(60)])
    const request = { events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON }
    expect((await buildRows(request))[0]!.customers).toEqual(['a', 'b'])
    const recent = await buildRows({
      ...request,
      population: (state) => state.purchases?.recent[0] === START + 2 * DAY,
    })
    expect(recent[0]!.customers).toEqual(['b'])
  })

  test('an erased customer leaves no row, not even of the time before', async () => {
    const events = known([
      buy('a', 1),
      buy('gone', 1),
      { type: 'customer.erased', customerId: 'gone', ...at(45) },
      end(60),
    ])
    const [rows] = await buildRows({ events, cutoffs: [START + 10 * DAY], horizonMs: HORIZON })
    expect(rows!.customers).toEqual(['a'])
    expect(rows!.x).toHaveLength(FEATURES.length)
    expect(rows!.y).toHaveLength(1)
  })
})

test('a log that is not in known order is refused, naming the event', async () => {
  const events = [buy('a', 5), buy('b', 4)]
  await expect(buildRows({ events, cutoffs: [], horizonMs: HORIZON })).rejects.toMatchObject({
    code: 'out_of_order',
    message: expect.stringContaining('purchase.completed of b'),
  })
})

async function* stream(events: readonly CustomerEvent[]) {
  yield* events
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
