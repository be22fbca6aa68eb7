import { describe, expect, it } from 'vitest'
import {
  type CustomerEvent,
  DAY_MS,
  decodeState,
  EMPTY_STATE,
  encodeState,
  enteredAt,
  evaluate,
  FEATURES,
  featureVector,
  fold,
  logitOf,
  type Policy,
  probabilityOf,
  type RiskModel,
} from './index.ts'

const weights = new Float64Array(FEATURES.length)
weights[FEATURES.findIndex((f) => f.name === 'logRecency')] = 2
weights[FEATURES.findIndex((f) => f.name === 'logCount60')] = -1
const model: RiskModel = {
  version: 't',
  learnedFrom: 'log',
  horizonMs: 90 * DAY_MS,
  weights,
  bias: -6,
  means: new Float64Array(FEATURES.length),
  watchLogit: -0.5,
  atRiskLogit: 1,
  hysteresisLogit: 0.2,
}
const policy: Policy = {
  actions: {
    'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY_MS },
    reactivation: { enabled: true, cooldownMs: 30 * DAY_MS },
  },
  consentWhenUnknown: { outreach: true, marketing: false },
  actionHorizonMs: 7 * DAY_MS,
  sendWithGeneratedModel: false,
}
const T0 = Date.UTC(2026, 0, 5, 10, 0, 0, 123)
const buy = (time: number, idHash: number): CustomerEvent => ({
  type: 'purchase.completed',
  customerId: 'c',
  time,
  knownAt: time,
  idHash,
  amountMinor: 4990,
})

describe('a customer who falls silent', () => {
  it('crosses watch and at_risk at appointments, lapses after the horizon, and is looked at few times', () => {
    let state = EMPTY_STATE
    for (let i = 0; i < 5; i++) state = fold(state, buy(T0 + i * 20 * DAY_MS, i + 1))
    let at = T0 + 80 * DAY_MS + 1
    const bands: [string, number][] = []
    let looks = 0
    const queued: string[] = []
    for (let n = 0; n < 100; n++) {
      const vector = featureVector(state, at)
      const logit = logitOf(model, vector)
      const result = evaluate(
        state,
        at,
        { logit, probability: Math.fround(probabilityOf(logit)) },
        { model, policy, modelMaySend: true },
      )
      looks++
      state = decodeState(encodeState({ ...state, decided: result.decided }))
      if (result.changedFrom !== undefined) bands.push([state.decided!.band, (state.decided!.enteredAt - T0) / DAY_MS])
      if (result.changedFrom !== undefined && result.decision.disposition === 'queued')
        queued.push(result.decision.action!)
      if (result.nextLookAt === undefined) break
      expect(result.nextLookAt).toBeGreaterThan(at)
      at = result.nextLookAt
    }
    expect(bands.map(([b]) => b)).toEqual(['healthy', 'watch', 'at_risk', 'lapsed'])
    expect(queued).toEqual(['proactive-outreach'])
    expect(looks).toBeLessThan(25)
    expect(bands[3]![1]).toBe(80 + 90)
    const again = enteredAt(state, 'at_risk', 'watch', at, model)
    expect((again - T0) / DAY_MS).toBe(bands[2]![1])
  })
})
