import { type CustomerState, EMPTY_STATE, ERASED_STATE, fold, RECENT_PURCHASES } from '@holdfast/core'
import { expect, test } from 'vitest'
import type { Cohort } from './cohort.ts'
import { judgeCohort, outcomesByVersion } from './judge-cohort.ts'

const DAY = 86_400_000
const AT = Date.UTC(2026, 5, 1)
const H = 30

function bought(...days: number[]): CustomerState {
  return days.reduce((state, day, i) => {
    const time = AT + day * DAY
    const event = { type: 'purchase.completed', customerId: 'c', time, knownAt: time, idHash: i + 1 } as const
    return fold(state, { ...event, amountMinor: 1_000 })
  }, EMPTY_STATE)
}

function cohortOf(probabilities: readonly number[], version = 'v1', at = AT): Cohort {
  return {
    model: { version, digest: version.repeat(32) },
    horizonDays: H,
    at,
    ids: probabilities.map((_, i) => `c-${i}`),
    probabilities: Float32Array.from(probabilities),
  }
}

test('by hand: four judged, one erased, one gone', () => {
  const found = [bought(-5), bought(-5, H), bought(-9, H + 1), bought(-2, 3), ERASED_STATE, undefined]
  const outcome = judgeCohort(cohortOf([0.75, 0.5, 0.5, 0.25, 0.9, 0.9]), found, AT + (H + 2) * DAY)
  expect(outcome).toMatchObject({ customers: 4, churned: 2, erased: 1, unknown: 1, meanPredicted: 0.5 })
  expect(outcome).toMatchObject({ cohort: '2026-06-01+30d', horizonDays: H, model: { version: 'v1' } })
  // Of the pairs of who churned (.75, .5) and who returned (.5, .25) three are in order, and one is a tie.
  expect(outcome.auc).toBe(3.5 / 4)
  expect(outcome.brier).toBeCloseTo((0.0625 + 0.25 + 0.25 + 0.0625) / 4, 12)
  expect(outcome.logLoss).toBeCloseTo((-2 * Math.log(0.75) - 2 * Math.log(0.5)) / 4, 12)
  // Bins of .2, .5 and .7: |.25 - 0|, 2 |.5 - .5|, |.75 - 1|
  expect(outcome.ece).toBeCloseTo(0.5 / 4, 12)
})

test('any life, looked at whenever: as the purchases themselves say, or unknown where a state cannot tell', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const seen = { churned: 0, returned: 0, unknown: 0 }
  for (let life = 0; life < 2_000; life++) {
    const days = Array.from({ length: 1 + Math.floor(random() * 14) }, () => Math.round(random() * 200) - 60)
    const late = Math.floor(random() * 120)
    const known = days.filter((day) => day <= H + late)
    const outcome = judgeCohort(cohortOf([0.5]), [bought(...known)], AT + (H + late) * DAY)
    const churned = !known.some((day) => day > 0 && day <= H)
    if (outcome.unknown === 1) {
      seen.unknown++
      expect(known.filter((day) => day > H).length).toBeGreaterThanOrEqual(RECENT_PURCHASES)
    } else {
      seen[churned ? 'churned' : 'returned']++
      expect([outcome.customers, outcome.churned]).toEqual([1, churned ? 1 : 0])
    }
  }
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20)
})

test('where one outcome is missing there is no AUC, and of nobody nothing at all', () => {
  const later = AT + H * DAY
  expect(judgeCohort(cohortOf([0.5, 0.6]), [bought(-1), bought(-1)], later)).toMatchObject({ auc: null, churned: 2 })
  const nobody = { customers: 0, auc: null, logLoss: null, brier: null, ece: null, meanPredicted: null, erased: 1 }
  expect(judgeCohort(cohortOf([0.5]), [ERASED_STATE], later)).toMatchObject(nobody)
})

test('cohorts of one model together are as one cohort of all their customers, the AUC aside', () => {
  const lives = [bought(-5), bought(-5, 2), bought(-9), bought(-2, 3), bought(-7), bought(-1, 9)]
  const said = [0.71, 0.15, 0.64, 0.33, 0.12, 0.93]
  const now = AT + H * DAY
  const judged = (from: number, to: number, version: string) =>
    judgeCohort(cohortOf(said.slice(from, to), version), lives.slice(from, to), now)
  const [one, other] = outcomesByVersion([judged(0, 4, 'v2'), judged(0, 2, 'v1'), judged(4, 6, 'v2')])
  const whole = judged(0, 6, 'v2')
  expect([one?.model.version, other?.model.version]).toEqual(['v2', 'v1'])
  expect(one).toMatchObject({ cohorts: 2, customers: 6, churned: whole.churned })
  for (const key of ['logLoss', 'brier', 'ece', 'meanPredicted'] as const)
    expect(one?.[key]).toBeCloseTo(whole[key]!, 12)
  expect(one?.auc).toBeCloseTo((4 * 1 + 2 * 0) / 6, 12)
  expect(outcomesByVersion([])).toEqual([])
})
