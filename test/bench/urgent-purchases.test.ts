import { DAY_MS, FEATURES, type Policy, type RiskModel } from '@holdfast/core'
import { expect, test } from 'vitest'
import { readModel } from './model.ts'
import { findUrgentPurchases } from './urgent-purchases.ts'

const now = Date.UTC(2026, 10, 1, 12, 30)

/** At risk once the only purchase is more than `days` ago. */
const afterDays = (days: number): RiskModel => ({
  version: 'test',
  learnedFrom: 'log',
  horizonMs: 90 * DAY_MS,
  weights: Float64Array.from(FEATURES, ({ name }) => (name === 'recencyDays' ? 1 : 0)),
  bias: 0,
  means: new Float64Array(FEATURES.length),
  watchLogit: days / 2,
  atRiskLogit: days,
  hysteresisLogit: 0.1,
})

const policy: Policy = {
  actions: {
    'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY_MS },
    reactivation: { enabled: true, cooldownMs: 30 * DAY_MS },
  },
  consentWhenUnknown: { outreach: true, marketing: false },
  actionHorizonMs: 7 * DAY_MS,
  sendWithGeneratedModel: false,
}

test('purchases are found from the crossing to the end of the action horizon, and nowhere else', () => {
  const days = findUrgentPurchases(afterDays(20), policy, now).map(({ ageMs }) => ageMs / DAY_MS)
  expect(Math.min(...days)).toBe(20)
  expect(Math.max(...days)).toBe(26.75)
})

test('a model that never puts such a customer at risk is named', () => {
  expect(() => findUrgentPurchases(afterDays(500), policy, now)).toThrow('model test puts no customer')
})

test('the model that is shipped knows some', async () => {
  const { model, policy } = await readModel()
  expect(findUrgentPurchases(model, policy, now).length).toBeGreaterThan(0)
})
