import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { facts } from '../features/facts.ts'
import { FEATURE_GROUPS } from '../features/row.ts'
import { FEATURES, featureVector } from '../features/table.ts'
import { arbitrarySilence } from '../oracle/arbitrary-risk.ts'
import { naiveLogit } from '../oracle/naive-risk.ts'
import { contributions, float32Breadth, logitOf, probabilityOf } from './model.ts'
import { reasons } from './reasons.ts'

vi.setConfig({ testTimeout: 60_000 })

const silence = arbitrarySilence(fc.constantFrom(5, 90))

/** Rounding of sums of some hundred terms. */
const near = (a: number, b: number, magnitude: number): boolean => Math.abs(a - b) <= 1e-12 * (1 + magnitude)

test('what the groups contribute adds up to the logit, from the average customer on', () => {
  fc.assert(
    fc.property(silence, ({ state, at, model }) => {
      const vector = featureVector(state, at)
      const { logit, breadth } = naiveLogit(state, at, model)
      const shares = contributions(model, vector)
      const sum = shares.reduce((total, share) => total + share.logit, logitOf(model, model.means))
      expect(near(sum, logit, breadth * 2 ** 24)).toBe(true)
      expect(shares.map((share) => share.group).sort()).toEqual([...FEATURE_GROUPS].sort())
      expect(shares.map((share) => share.logit)).toEqual(shares.map((share) => share.logit).sort((a, b) => b - a))
    }),
  )
})

test('each group contributes what its own rows do', () => {
  fc.assert(
    fc.property(silence, ({ state, at, model }) => {
      const vector = featureVector(state, at)
      for (const { group, logit } of contributions(model, vector)) {
        const without = vector.map((x, i) => (FEATURES[i]!.group === group ? model.means[i]! : x))
        const magnitude = float32Breadth(model, vector) * 2 ** 24
        expect(near(logitOf(model, vector) - logitOf(model, without), logit, magnitude)).toBe(true)
      }
    }),
  )
})

test('reasons are the groups that raise the risk, strongest first, each in one sentence', () => {
  fc.assert(
    fc.property(silence, fc.nat(11), ({ state, at, model }, most) => {
      const vector = featureVector(state, at)
      const told = reasons(model, vector, facts(state, at), most)
      // Odds raised by less than a twentieth are told only where nothing raises them more.
      const raising = contributions(model, vector).filter(({ logit }, rank) => logit > (rank === 0 ? 0 : 0.05))
      expect(told.map(({ group, logit }) => ({ group, logit }))).toEqual(raising.slice(0, most))
      for (const { sentence } of told) {
        expect(sentence.length).toBeGreaterThan(8)
        expect(sentence).not.toMatch(/NaN|undefined|Infinity|-\d/)
      }
    }),
    { numRuns: 300 },
  )
})

test('an evaluation in float32 lies within the breadth of plain arithmetic', () => {
  fc.assert(
    fc.property(silence, ({ state, at, model }) => {
      const vector = featureVector(state, at)
      let single = Math.fround(model.bias)
      for (const [i, x] of vector.entries()) {
        single = Math.fround(single + Math.fround(Math.fround(model.weights[i]!) * Math.fround(x)))
      }
      expect(Math.abs(single - logitOf(model, vector))).toBeLessThanOrEqual(float32Breadth(model, vector))
      expect(float32Breadth(model, vector)).toBeCloseTo(naiveLogit(state, at, model).breadth, 12)
    }),
    { numRuns: 300 },
  )
})

test('a probability is the logistic of its logit', () => {
  expect([0, Math.log(3), -Math.log(3), 800, -800].map(probabilityOf)).toEqual([
    0.5,
    expect.closeTo(0.75, 15),
    expect.closeTo(0.25, 15),
    1,
    0,
  ])
})
