import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { CustomerEvent } from '../event.ts'
import { fold } from '../fold/fold.ts'
import { arbitraryBuyer, arbitraryLog } from '../oracle/arbitrary-log.ts'
import { naiveFeatures } from '../oracle/naive-features.ts'
import { type CustomerState, EMPTY_STATE } from '../state/customer-state.ts'
import { decodeState, encodeState } from '../state/layout.ts'
import { monthIndex } from '../time.ts'
import { facts, factsAt } from './facts.ts'
import { movableFacts, moveFacts } from './moving-facts.ts'
import { FEATURE_GROUPS } from './row.ts'
import { FEATURES, featureVector, MOVING, vectorOf } from './table.ts'

vi.setConfig({ testTimeout: 60_000 })

const DAY = 86_400_000
const NAMES = FEATURES.map((row) => row.name)

const stateOf = (log: readonly CustomerEvent[]): CustomerState => log.reduce(fold, EMPTY_STATE)
const newest = (log: readonly CustomerEvent[]): number => Math.max(0, ...log.map((e) => e.time))
const month = (at: number): string => new Date(at).toISOString().slice(0, 7)

/** Steps of silence: none at all, a millisecond, minutes, a day, and up to five years. */
const pauses = fc.array(
  fc.oneof(
    fc.constantFrom(0, 1, 60_000, DAY),
    fc.integer({ min: 0, max: 40 * DAY }),
    fc.integer({ min: 0, max: 1_800 * DAY }),
  ),
  { minLength: 1, maxLength: 12 },
)

/** The newest event, then later and later, with both sides of the next month's start among them. */
function instants(from: number, steps: readonly number[]): number[] {
  const date = new Date(from)
  const edge = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  const walked = steps.map((_, i) => from + steps.slice(0, i + 1).reduce((sum, step) => sum + step, 0))
  return [from, ...walked, edge - 1, edge].sort((a, b) => a - b)
}

test('every feature equals its formula over the raw events', () => {
  fc.assert(
    fc.property(arbitraryLog(60), fc.nat(800 * DAY), (log, silence) => {
      const at = newest(log) + silence
      const vector = featureVector(stateOf(log), at)
      const naive = naiveFeatures(log, at)
      const wrong = NAMES.flatMap((name, i) => {
        const [got, wanted] = [vector[i]!, naive[name] ?? Number.NaN]
        return Math.abs(got - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)) ? [] : [`${name}: ${got}, not ${wanted}`]
      })
      expect(wrong).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('the oracle knows every row, and no other', () => {
  expect(Object.keys(naiveFeatures([], 0)).sort()).toEqual([...NAMES].sort())
})

test('a customer who buys like clockwork has the spread of the clock, not of the rounding', () => {
  const clockwork = fc.record({
    gap: fc.integer({ min: 1, max: 400 * DAY }),
    jitter: fc.nat(500),
    n: fc.integer({ min: 3, max: 9 }),
  })
  fc.assert(
    fc.property(clockwork, ({ gap, jitter, n }) => {
      const log = Array.from({ length: n }, (_, i): CustomerEvent => {
        const time = Date.UTC(2010, 0, 1) + i * gap + (i % 2) * jitter
        return { type: 'purchase.completed', customerId: 'c', time, knownAt: time, idHash: i, amountMinor: 1 }
      })
      const at = newest(log)
      const k = NAMES.indexOf('logGapSpread')
      expect(Math.abs(featureVector(stateOf(log), at)[k]! - naiveFeatures(log, at).logGapSpread!)).toBeLessThan(1e-12)
    }),
  )
})

test('every row moves in silence as it declares', () => {
  fc.assert(
    fc.property(arbitraryLog(), pauses, (log, steps) => {
      const state = stateOf(log)
      const times = instants(newest(log), steps)
      const broken = times.slice(1).flatMap((at, i) => {
        const since = times[i]!
        const [before, after] = [featureVector(state, since), featureVector(state, at)]
        return FEATURES.flatMap((row, k) => {
          const [x, y] = [before[k]!, after[k]!]
          const rounding = 1e-12 * Math.max(1, Math.abs(x))
          const kept =
            row.silence === 'rises'
              ? y >= x - rounding
              : row.silence === 'falls'
                ? y <= x + rounding
                : row.silence === 'constant' || month(since) === month(at)
                  ? x === y
                  : true
          return kept ? [] : [`${row.name} (${row.silence}): ${x} at ${since}, ${y} at ${at}`]
        })
      })
      expect(broken).toEqual([])
    }),
    { numRuns: 250 },
  )
})

test('what silence never moves in some history is declared constant, and the rest does move', () => {
  const moved = new Set<string>()
  fc.assert(
    fc.property(arbitraryBuyer(60), fc.nat(400 * DAY), (log, silence) => {
      const state = stateOf(log)
      const [before, after] = [featureVector(state, newest(log)), featureVector(state, newest(log) + silence)]
      for (const [k, name] of NAMES.entries()) if (before[k] !== after[k]) moved.add(name)
    }),
    { numRuns: 200 },
  )
  expect([...moved].sort()).toEqual(MOVING.map((i) => NAMES[i]!).sort())
})

test('rows that are computed together come out as each by itself, bit for bit', () => {
  fc.assert(
    fc.property(arbitraryLog(), fc.nat(800 * DAY), (log, silence) => {
      const seen = facts(stateOf(log), newest(log) + silence)
      expect(vectorOf(seen)).toEqual(FEATURES.map((row) => row.of(seen)))
    }),
    { numRuns: 200 },
  )
})

test('a row is 0 without the source that it declares, whatever else happened', () => {
  let compared = 0
  fc.assert(
    fc.property(arbitraryLog(), fc.nat(800 * DAY), (log, silence) => {
      const state = stateOf(log)
      const vector = featureVector(state, newest(log) + silence)
      const wrong = FEATURES.flatMap(({ name, zeroWithout }, k) => {
        if (zeroWithout === undefined || state[zeroWithout] !== undefined) return []
        compared++
        return vector[k] === 0 ? [] : [`${name}: ${vector[k]}`]
      })
      expect(wrong).toEqual([])
    }),
    { numRuns: 200 },
  )
  expect(compared).toBeGreaterThan(100)
})

test('facts that were moved from instant to instant equal those computed anew', () => {
  fc.assert(
    fc.property(arbitraryLog(), pauses, (log, steps) => {
      const state = stateOf(log)
      const moved = movableFacts(facts(state, newest(log)))
      for (const at of instants(newest(log), steps).reverse()) {
        moveFacts(moved, at, monthIndex(at))
        expect(moved).toEqual(facts(state, at))
      }
    }),
    { numRuns: 100 },
  )
})

test('facts that are moved equal those computed anew, bit for bit', () => {
  fc.assert(
    fc.property(arbitraryLog(), fc.nat(800 * DAY), (log, silence) => {
      const state = stateOf(log)
      const at = newest(log) + silence
      expect(factsAt(facts(state, newest(log)), at)).toEqual(facts(state, at))
    }),
    { numRuns: 200 },
  )
})

test('a vector does not know whether its state was in Redis', () => {
  fc.assert(
    fc.property(arbitraryLog(), fc.nat(800 * DAY), (log, silence) => {
      const state = stateOf(log)
      const at = newest(log) + silence
      expect(featureVector(decodeState(encodeState(state)), at)).toEqual(featureVector(state, at))
    }),
    { numRuns: 200 },
  )
})

test('every feature is finite for whoever bought, also long ago and before the newest event', () => {
  fc.assert(
    fc.property(arbitraryBuyer(), fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (log, at) => {
      const vector = featureVector(stateOf(log), at)
      const infinite = NAMES.filter((_, i) => !Number.isFinite(vector[i]))
      expect(infinite).toEqual([])
    }),
    { numRuns: 250 },
  )
})

test('the table has 60 to 100 rows, no name twice, each documented and in a known group', () => {
  expect(new Set(NAMES).size).toBe(FEATURES.length)
  expect(FEATURES.length).toBeGreaterThanOrEqual(60)
  expect(FEATURES.length).toBeLessThanOrEqual(100)
  for (const row of FEATURES) {
    expect(FEATURE_GROUPS).toContain(row.group)
    expect(row.formula.length * row.why.length).toBeGreaterThan(0)
  }
})
