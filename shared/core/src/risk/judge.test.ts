import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CustomerEvent } from '../event.ts'
import { fold } from '../fold/fold.ts'
import { type CustomerState, type Decided, EMPTY_STATE } from '../state/customer-state.ts'
import { judge } from './judge.ts'

const H = 1_000

const bought = (times: readonly number[]): CustomerState =>
  times
    .map(
      (time, i): CustomerEvent => ({
        type: 'purchase.completed',
        customerId: 'c',
        time,
        knownAt: time,
        idHash: i,
        amountMinor: 1,
      }),
    )
    .reduce(fold, EMPTY_STATE)

const open = (predictedAt: number, predictedProbability: number, judged = 0): Decided => ({
  band: 'watch',
  previousBand: undefined,
  enteredAt: 0,
  evaluatedAt: predictedAt,
  probability: predictedProbability,
  expectedLossMinor: 0,
  disposition: 'none',
  heldUntil: -1,
  predictedAt,
  predictedProbability,
  judged,
})

test.each([
  ['stays open before the horizon has passed', [100], 1_199, 'open'],
  ['churned at the very instant at which the horizon has passed', [100], 1_200, 'churned'],
  ['returned as soon as there is a purchase', [100, 300], 400, 'returned'],
  ['a purchase at the instant of the prediction is none after it', [100, 200], 1_200, 'churned'],
  ['a purchase at the end of the horizon is within it', [100, 1_200], 1_300, 'returned'],
  ['a purchase after the horizon came too late', [100, 1_201], 1_300, 'churned'],
  [
    'eight later purchases hide whether there was one in time',
    Array.from({ length: 8 }, (_, i) => 1_300 + i),
    2_000,
    'dropped',
  ],
  ['seven later purchases hide nothing', [100, ...Array.from({ length: 7 }, (_, i) => 1_300 + i)], 2_000, 'churned'],
] as const)('a prediction of 0.5 at 200 with a horizon of 1,000: %s', (_story, times, at, outcome) => {
  const judgement = judge(bought(times), open(200, 0.5, 7), at, H)
  if (outcome === 'open') expect(judgement).toEqual({ predictedAt: 200, predictedProbability: 0.5, judged: 7 })
  else {
    const judged = { dropped: 7, returned: 1 + 2 * 25, churned: 1 + 2 * 25 + 1 }[outcome]
    expect(judgement).toEqual({ predictedAt: -1, predictedProbability: 0, judged })
  }
})

test('without an open prediction nothing is judged and the last judgement stays', () => {
  expect(judge(bought([1]), undefined, 5_000, H)).toEqual({ predictedAt: -1, predictedProbability: 0, judged: 0 })
  expect(judge(bought([1]), open(-1, 0, 9), 5_000, H)).toEqual({ predictedAt: -1, predictedProbability: 0, judged: 9 })
})

test('a judgement remembers its probability to a fiftieth and fits a byte', () => {
  fc.assert(
    fc.property(fc.float({ min: 0, max: 1, noNaN: true }), fc.boolean(), (probability, churned) => {
      const { judged } = judge(bought(churned ? [0] : [0, 500]), open(200, probability), 1_200, H)
      expect(judged).toBeGreaterThanOrEqual(1)
      expect(judged).toBeLessThanOrEqual(101 + 0)
      expect((judged - 1) % 2 === 1).toBe(churned)
      const bin = Math.floor((judged - 1) / 2)
      expect(probability).toBeGreaterThanOrEqual(bin / 50 - 1e-9)
      expect(probability).toBeLessThanOrEqual((bin + 1) / 50 + 1e-9)
    }),
  )
})
