import { createDecoder } from '@holdfast/contracts'
import type { CustomerEvent } from '@holdfast/core'
import { type Backend, loadBackend } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { DEFAULT_SHOP_MONEY } from '@holdfast/trainer'
import { beforeAll, expect, test } from 'vitest'
import { CANDIDATES, type Candidate } from './learning-candidates.ts'
import { bootstrapped, earnsItsPlace, judgeWindow } from './learning-features.ts'

const decode = createDecoder(DEFAULT_SHOP_MONEY)
const window = { horizonDays: 60, test: '2025-01-01', cutoffs: 3 }
let backend: Backend
let events: CustomerEvent[]

beforeAll(async () => {
  backend = await loadBackend({ preferred: 'wasm' })
  const shop = generateShop({ seed: 3, customers: 700, from: Date.UTC(2024, 0, 1), until: Date.UTC(2025, 3, 1) })
  events = [...shop.events].flatMap(({ role, timeMs, event }) => {
    const decoded = decode(role, Buffer.from(JSON.stringify(event)), timeMs)
    return decoded.kind === 'event' ? [decoded.event] : []
  })
})

function gainOf(candidate: Candidate) {
  const { customers, models } = judgeWindow(backend, events, window, [candidate])
  const [base, tried] = models
  return bootstrapped(customers.map((_, i) => [base!.losses[i]! - tried!.losses[i]!]))
}

test('what tells the outcome earns its place; a column that says nothing changes nothing and does not', () => {
  const telling = gainOf({ name: 'the outcome', columns: 1, of: ({ label }) => [label] })
  expect(telling.low).toBeGreaterThan(0.01)
  expect(earnsItsPlace([telling, telling])).toBe(true)
  const nothing = gainOf({ name: 'nothing', columns: 1, of: () => [7] })
  expect(Math.abs(nothing.mean)).toBeLessThan(1e-5)
  expect(earnsItsPlace([telling, nothing])).toBe(false)
})

test('a gain that is clear but tiny, or large on one log and doubtful on the other, does not', () => {
  const clear = { mean: 0.004, low: 0.003, high: 0.005 }
  expect(earnsItsPlace([clear, { mean: 0.004, low: -0.0001, high: 0.008 }])).toBe(false)
  const tiny = { mean: 0.0003, low: 0.0002, high: 0.0004 }
  expect(earnsItsPlace([tiny, tiny])).toBe(false)
})

test('P(alive) joins the rows as the live pipeline could say it: a number from 0 to 1, from the state alone', () => {
  const alive = CANDIDATES.find(({ name }) => name === 'P(alive)')!
  const said: number[] = []
  judgeWindow(backend, events, window, [
    {
      ...alive,
      of: (row, knowledge) => {
        const values = alive.of(row, knowledge)
        said.push(...values)
        return values
      },
    },
  ])
  expect(said.length).toBeGreaterThan(1_000)
  expect(said.every((p) => p >= 0 && p <= 1)).toBe(true)
  expect(new Set(said).size).toBeGreaterThan(100)
})

test('resamples draw customers, not rows', () => {
  // Two customers of a hundred windows each: the interval is theirs, not that of 200 independent rows.
  const { mean, low, high } = bootstrapped([Array(100).fill(1), Array(100).fill(0)])
  expect([mean, low, high]).toEqual([0.5, 0, 1])
})
