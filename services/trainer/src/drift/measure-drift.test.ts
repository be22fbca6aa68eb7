import { type CustomerState, DAY_MS, EMPTY_STATE, ERASED_STATE, FEATURES, fold, type RiskModel } from '@holdfast/core'
import { expect, test } from 'vitest'
import { measureDrift } from './measure-drift.ts'

const AT = Date.UTC(2026, 5, 1)
const RECENCY = FEATURES.findIndex(({ name }) => name === 'recencyDays')

/** Churn at even odds for everybody. */
const model: RiskModel = {
  version: 'flat',
  learnedFrom: 'log',
  horizonMs: 90 * DAY_MS,
  weights: new Float64Array(FEATURES.length),
  bias: 0,
  means: new Float64Array(FEATURES.length),
  watchLogit: 1,
  atRiskLogit: 2,
  hysteresisLogit: 0.1,
}

function boughtDaysAgo(days: number): CustomerState {
  const time = AT - days * DAY_MS
  const event = { type: 'purchase.completed', customerId: `c-${days}`, time, knownAt: time, idHash: days } as const
  return fold(EMPTY_STATE, { ...event, amountMinor: 1_000 })
}

/** Trained where half had bought within 30 days; all other features and the score stood in one bin. */
const training = {
  features: FEATURES.map(({ name }, i) => ({
    feature: name,
    reference: i === RECENCY ? { bounds: [30], shares: [0.5, 0.5] } : { bounds: [], shares: [1] },
  })),
  score: { bounds: [0.4], shares: [0.25, 0.75] },
}

test('by hand: a quarter within 30 days where it was a half, and no low score where it was a quarter', () => {
  const states = [10, 40, 50, 60].map(boughtDaysAgo)
  const drift = measureDrift(training, model, [...states, EMPTY_STATE, ERASED_STATE], AT)
  // (1/4 - 1/2) ln(1/2) + (3/4 - 1/2) ln(3/2) = 0.173287 + 0.101366
  expect(drift?.features[0]?.feature).toBe('recencyDays')
  expect(drift?.features[0]?.psi).toBeCloseTo(0.274653, 6)
  expect(drift?.features.slice(1).every(({ psi }) => psi === 0)).toBe(true)
  // (0.0001 - 1/4) ln(0.0004) + (1 - 3/4) ln(4/3), an empty bin standing for a ten-thousandth
  expect(drift?.score).toBeCloseTo(-0.2499 * Math.log(0.0004) + 0.25 * Math.log(4 / 3), 9)
  expect(drift?.customers).toBe(4)
})

test('nobody has not moved', () => {
  expect(measureDrift(training, model, [EMPTY_STATE], AT)).toBeUndefined()
})
