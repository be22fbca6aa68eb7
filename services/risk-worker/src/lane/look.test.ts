import { jobSchema } from '@holdfast/contracts'
import {
  type CustomerEvent,
  type CustomerState,
  EMPTY_STATE,
  FEATURES,
  featureVector,
  fold,
  logitOf,
  type Policy,
  probabilityOf,
  type RiskModel,
} from '@holdfast/core'
import type { Scorer } from '@holdfast/scorer'
import { anEvent, aPurchase } from '@holdfast/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { createLookStep, type Looked } from './look.ts'

const DAY = 86_400_000
const HORIZON = 90 * DAY
const BOUGHT = Date.UTC(2026, 0, 1)

/** Logit = days since the last purchase / 10 - 4: watch from day 30, at risk from day 50, lapsed from day 90. */
const model: RiskModel = {
  version: 'v7',
  learnedFrom: 'log',
  horizonMs: HORIZON,
  weights: Float64Array.from(FEATURES, ({ name }) => (name === 'recencyDays' ? 0.1 : 0)),
  bias: -4,
  means: new Float64Array(FEATURES.length),
  watchLogit: -1,
  atRiskLogit: 1,
  hysteresisLogit: 0.1,
}

const policy: Policy = {
  actions: {
    'proactive-outreach': { enabled: true, cooldownMs: 14 * DAY },
    reactivation: { enabled: true, cooldownMs: 30 * DAY },
  },
  consentWhenUnknown: { outreach: true, marketing: false },
  actionHorizonMs: 7 * DAY,
  sendWithGeneratedModel: false,
}

/** The model's own arithmetic, in float32, that notes how many rows each call had. */
let calls: number[] = []
const scorer: Scorer = {
  features: FEATURES.length,
  predict(rows, n) {
    calls.push(n)
    const vector = (i: number) => Float64Array.from(rows.subarray(i * FEATURES.length, (i + 1) * FEATURES.length))
    const logits = Float32Array.from({ length: n }, (_, i) => logitOf(model, vector(i)))
    return { logits, probabilities: logits.map(probabilityOf) }
  },
  score: (rows, n) => scorer.predict(rows, n).probabilities,
  dispose() {},
}

const lookWith = (modelMaySend = true) =>
  createLookStep({ inUse: () => ({ model, scorer, maySend: modelMaySend }), policy, currency: 'EUR', partition: 2 })
const look = lookWith()

beforeEach(() => {
  calls = []
})

function customer(...events: CustomerEvent[]): CustomerState {
  return events.reduce(fold, fold(EMPTY_STATE, aPurchase({ time: BOUGHT }).event))
}

/** Looks at the same customer at each instant in turn; each look starts from what the one before left. */
function follow(state: CustomerState, days: readonly number[], step = look): Looked[] {
  const seen: Looked[] = []
  for (const day of days) {
    const [looked] = step([['cust-1', after(state, seen.at(-1))]], BOUGHT + day * DAY)
    seen.push(looked!)
  }
  return seen
}

const after = (state: CustomerState, looked: Looked | undefined): CustomerState =>
  looked === undefined ? state : { ...state, decided: looked.evaluation.decided }
const kinds = ({ outbox }: Looked) => outbox.map(({ kind }) => kind)
const jsons = ({ outbox }: Looked) => outbox.map(({ value }) => JSON.parse(Buffer.from(value).toString()))

test('one call of the model for the whole batch, and not more rows than it is good for at once', () => {
  const state = customer()
  expect(look([], BOUGHT)).toEqual([])
  expect(calls).toEqual([])
  const many = Array.from({ length: 5_000 }, (_, i) => [`c${i}`, state] as const)
  expect(look(many, BOUGHT + DAY).map(({ id }) => id)).toEqual(many.map(([id]) => id))
  expect(calls).toEqual([4_096, 904])
  look([['a', state]], BOUGHT + DAY)
  expect(calls).toEqual([4_096, 904, 1])
})

test('each customer gets the score of the own row', () => {
  const other = fold(EMPTY_STATE, aPurchase({ time: BOUGHT + 20 * DAY }).event)
  const at = BOUGHT + 40 * DAY
  const seen = look(
    [
      ['a', customer()],
      ['b', other],
      ['c', EMPTY_STATE],
    ],
    at,
  )
  expect(seen.map(({ evaluation }) => evaluation.decided.band)).toEqual(['watch', 'healthy', 'prospect'])
  const logit = logitOf(model, featureVector(other, at))
  expect(seen[1]!.evaluation.decided.probability).toBeCloseTo(probabilityOf(logit), 6)
  expect(seen[2]!.evaluation.decided.probability).toBe(0)
  expect(jsons(seen[2]!)[0].data).not.toHaveProperty('probability')
})

describe('said once', () => {
  test('a change of band, a decision and a job each leave at the look that finds them, and never again', () => {
    const seen = follow(customer(), [1, 2, 30.5, 31, 50.5, 50.6, 51, 60])
    expect(seen.map(kinds)).toEqual([
      ['risk-change'],
      [],
      ['risk-change'],
      [],
      ['risk-change', 'action-event', 'job'],
      [],
      [],
      [],
    ])
    expect(seen.map(({ entry }) => entry?.kind)).toEqual([
      'band.healthy',
      undefined,
      'band.watch',
      undefined,
      'band.at_risk',
      undefined,
      undefined,
      undefined,
    ])
    const [change, decided, job] = jsons(seen[4]!)
    expect(change).toMatchObject({ type: 'churn.risk_changed', data: { band: 'at_risk', previousBand: 'watch' } })
    expect(decided).toMatchObject({ type: 'action.decided', subject: 'cust-1' })
    const { episodeId, shard, currency, modelVersion, reasons } = jobSchema.parse(job)
    expect(change.id).toBe(episodeId)
    expect(decided.data.episodeId).toBe(episodeId)
    expect({ shard, currency, modelVersion }).toEqual({ shard: { partition: 2 }, currency: 'EUR', modelVersion: 'v7' })
    expect(reasons[0]?.sentence).toMatch(/\d/)
  })

  test('the first look at a customer has no band before it', () => {
    expect(jsons(follow(customer(), [1])[0]!)[0].data).not.toHaveProperty('previousBand')
  })
})

describe('what is not sent', () => {
  test('too late: recorded, with neither event nor job', () => {
    const [late] = follow(customer(), [60])
    expect(late!.evaluation.decision).toMatchObject({ disposition: 'recorded', withheld: 'too_late' })
    expect(kinds(late!)).toEqual(['risk-change'])
  })

  test('a model that may not send: recorded', () => {
    const seen = follow(customer(), [50, 51], lookWith(false))
    expect(seen.flatMap(kinds)).toEqual(['risk-change', ...(kinds(seen[1]!).length > 0 ? ['risk-change'] : [])])
    expect(seen[1]!.evaluation.decided.disposition).toBe('recorded')
  })

  test('no consent: one suppressed event with its reason, until consent is given', () => {
    const consent = (granted: boolean, day: number) =>
      anEvent('consent.changed', { purpose: 'outreach', granted }, { time: BOUGHT + day * DAY }).event
    const refused = customer(consent(false, 1))
    const [first, second] = follow(refused, [50.5, 51])
    expect(kinds(first!)).toEqual(['risk-change', 'action-event'])
    expect(jsons(first!)[1]).toMatchObject({ type: 'action.suppressed', data: { reason: 'no_consent' } })
    expect(kinds(second!)).toEqual([])
    const [third] = follow(fold(after(refused, second), consent(true, 51.5)), [52])
    expect(kinds(third!)).toEqual(['action-event', 'job'])
    expect(third!.entry).toBeUndefined()
    expect(jsons(third!)[0].type).toBe('action.decided')
  })

  test('a snooze: suppressed, the appointment is its end, and the job comes then', () => {
    const until = BOUGHT + 53 * DAY
    const snooze = anEvent(
      'action.snoozed',
      {
        action: 'proactive-outreach',
        until: new Date(until).toISOString(),
        enteredAt: new Date(BOUGHT).toISOString(),
        episodeId: 'e',
      },
      { time: BOUGHT + DAY },
    ).event
    const [held, still, due] = follow(customer(snooze), [50.5, 52, 53])
    expect(jsons(held!)[1]).toMatchObject({ type: 'action.suppressed', data: { reason: 'snoozed' } })
    expect(held!.evaluation.nextLookAt).toBeLessThanOrEqual(until)
    expect(kinds(still!)).toEqual([])
    expect(kinds(due!)).toEqual(['action-event', 'job'])
  })
})
