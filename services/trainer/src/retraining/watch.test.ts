import { expect, test } from 'vitest'
import { callsForRetraining, largestDrift } from './watch.ts'

test('what has drifted farthest is a feature or the score, and nothing where nothing was measured', () => {
  const features = [
    { feature: 'recencyDays', psi: 0.02 },
    { feature: 'tenureDays', psi: 0.4 },
  ]
  expect(largestDrift({ features, score: 0.1 })).toEqual({ of: 'tenureDays', psi: 0.4 })
  expect(largestDrift({ features, score: 0.7 })).toEqual({ of: 'the score', psi: 0.7 })
  expect(largestDrift({ features: [], score: null })).toBeUndefined()
})

test('drift calls for a retraining above the threshold, and above what chance makes of few customers', () => {
  expect(callsForRetraining(0.3, { chance: 0.01 }, 0.25)).toBe(true)
  expect(callsForRetraining(0.3, { chance: 0.5 }, 0.25)).toBe(false)
  expect(callsForRetraining(0.2, { chance: null }, 0.25)).toBe(false)
  expect(callsForRetraining(9, { chance: null }, 'off')).toBe(false)
})
