import { expect, test } from 'vitest'
import { allDrifted, judgeDrift } from './drift-verdict.ts'

const GROWN = { days: 800, learnedDays: 700, horizonDays: 90 }
const YOUNG = { ...GROWN, days: 548 }

/** By feature, and the score. */
function drifts(psi: Readonly<Record<string, number>>, score: number, chance = 0.003) {
  return { features: Object.entries(psi).map(([feature, value]) => ({ feature, psi: value })), score, chance }
}

test('what has drifted farthest comes first, and nothing where nothing was measured', () => {
  const features = [
    { feature: 'recencyDays', psi: 0.02 },
    { feature: 'logTenure', psi: 0.4 },
  ]
  expect(allDrifted({ features, score: 0.1 }).map(({ of }) => of)).toEqual(['logTenure', 'the score', 'recencyDays'])
  expect(allDrifted({ features, score: 0.7 })[0]).toEqual({ of: 'the score', psi: 0.7 })
  expect(allDrifted({ features: [], score: null })).toEqual([])
})

test('a feature or the score calls for a retraining above the threshold, and above what chance makes of few customers', () => {
  const far = drifts({ recencyDays: 0.3, logSpend: 0.26 }, 0.1)
  expect(judgeDrift(far, GROWN, 0.25)).toEqual({ kind: 'retrain', drifted: { of: 'recencyDays', psi: 0.3 } })
  expect(judgeDrift({ ...far, score: 0.4 }, GROWN, 0.25)).toMatchObject({ drifted: { of: 'the score' } })
  expect(judgeDrift({ ...far, chance: 0.5 }, GROWN, 0.25)).toEqual({ kind: 'little' })
  expect(judgeDrift(far, GROWN, 0.3)).toEqual({ kind: 'little' })
  expect(judgeDrift(drifts({ recencyDays: 9 }, 9), GROWN, 'off')).toEqual({ kind: 'little' })
  expect(judgeDrift(far, { ...YOUNG, learnedDays: null }, 0.25).kind).toBe('retrain')
})

test('that customers have grown older calls for nothing, however far it goes', () => {
  const older = drifts({ tenureYears: 2.5, logTenure: 2.5, hasYear: 1.7, logRecencyTimesLogTenure: 0.7 }, 0.1)
  expect(judgeDrift(older, GROWN, 0.25)).toMatchObject({ kind: 'by_nature', says: 'customers only grow older' })
  const alsoSilent = { ...older, features: [...older.features, { feature: 'recencyDays', psi: 0.3 }] }
  expect(judgeDrift(alsoSilent, GROWN, 0.25)).toMatchObject({ kind: 'retrain', drifted: { of: 'recencyDays' } })
})

test('while history is shorter than what the champion learned from, only the score calls', () => {
  // As measured on a generated shop of 18 months against the first champion, which learned from three years.
  const young = drifts({ tenureYears: 2.48, recencyDays: 0.74, logCount15: 0.74 }, 0.141)
  expect(judgeDrift(young, YOUNG, 0.25)).toMatchObject({
    kind: 'by_nature',
    says: expect.stringContaining('reaches back 548 days, the champion learned from 700'),
  })
  expect(judgeDrift({ ...young, score: 0.3 }, YOUNG, 0.25)).toEqual({
    kind: 'retrain',
    drifted: { of: 'the score', psi: 0.3 },
  })
})

test('while there is too little history to train on, nothing calls', () => {
  const far = drifts({ recencyDays: 3.8 }, 1.1)
  expect(judgeDrift(far, { ...YOUNG, days: 359 }, 0.25)).toMatchObject({
    kind: 'too_young',
    says: 'what is known reaches back 359 days, and to retrain for 90 days ahead takes 360',
  })
  expect(judgeDrift(far, { ...YOUNG, days: 360 }, 0.25).kind).toBe('retrain')
})
