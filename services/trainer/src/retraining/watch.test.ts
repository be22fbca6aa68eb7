import { expect, test } from 'vitest'
import { largestDrift } from './watch.ts'

test('what has drifted farthest is a feature or the score, and nothing where nothing was measured', () => {
  const features = [
    { feature: 'recencyDays', psi: 0.02 },
    { feature: 'tenureDays', psi: 0.4 },
  ]
  expect(largestDrift({ features, score: 0.1 })).toEqual({ of: 'tenureDays', psi: 0.4 })
  expect(largestDrift({ features, score: 0.7 })).toEqual({ of: 'the score', psi: 0.7 })
  expect(largestDrift({ features: [], score: null })).toBeUndefined()
})
