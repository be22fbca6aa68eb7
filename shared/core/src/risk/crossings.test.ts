import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { CustomerEvent } from '../event.ts'
import { FEATURES } from '../features/table.ts'
import { fold } from '../fold/fold.ts'
import { arbitrarySilence, type SilentCase } from '../oracle/arbitrary-risk.ts'
import { bandHistory, distanceToThreshold, naiveLogit, oracleEvaluate, type Stay } from '../oracle/naive-risk.ts'
import { BANDS, type Band, EMPTY_STATE } from '../state/customer-state.ts'
import { bandAt } from './bands.ts'
import { enteredAt, nextBandLook } from './crossings.ts'
import type { RiskModel } from './model.ts'

vi.setConfig({ testTimeout: 60_000 })

const MINUTE = 60_000

/** A case that is stepped through by minutes takes too long to be made smaller when it fails. */
const STEPPED = { numRuns: 60, endOnFailure: true }

interface Followed {
  readonly stays: readonly Stay[]
  readonly looks: number
}

/**
 * The bands found by going to appointments alone, over two horizons. The model that is asked lies `off` float32 breadths
 * from plain arithmetic.
 */
function follow({ state, at, model }: SilentCase, off: number): Followed {
  const bandThen = (when: number, previous: Band | undefined): Band => {
    const { logit, breadth } = naiveLogit(state, when, model)
    return bandAt(state, when, logit + off * breadth, previous, model)
  }
  const stays: Stay[] = [{ band: bandThen(at, undefined), from: at }]
  let looks = 0
  for (let now = at; ; looks++) {
    const current = stays.at(-1)!.band
    const next = nextBandLook(state, current, now, model)
    if (next === undefined || next > at + 2 * model.horizonMs) return { stays, looks }
    expect(next).toBeGreaterThan(now)
    expect(next).toBeLessThanOrEqual(now + 2 * model.horizonMs)
    const band = bandThen(next, current)
    if (band !== current) stays.push({ band, from: next })
    now = next
  }
}

const stepped = ({ state, at, model }: SilentCase, everyMinutes: number, pastBreadth: boolean): Stay[] =>
  bandHistory(state, model, { from: at, to: at + 2 * model.horizonMs, previous: undefined, pastBreadth, everyMinutes })

const tally = { cases: 0, crossings: 0, onTheLine: 0 }

/**
 * Same bands in the same order, each entered within a minute. Excused is only what was decided on the line: a look may fall
 * on an instant at which the logit is past the threshold, but not yet by the float32 breadth.
 */
function expectSame({ state, model }: SilentCase, found: readonly Stay[], wanted: readonly Stay[]): void {
  tally.cases++
  tally.crossings += wanted.length - 1
  const first = found.findIndex(
    ({ band, from }, i) => band !== wanted[i]?.band || Math.abs(from - wanted[i].from) > MINUTE,
  )
  const isSame = first === -1 && found.length === wanted.length
  if (isSame) return
  const stay = found[first]
  const { logit, breadth } = naiveLogit(state, stay?.from ?? 0, model)
  const isExcused = stay !== undefined && distanceToThreshold(logit, found[first - 1]?.band, model) <= breadth
  expect(isExcused, JSON.stringify({ found, wanted })).toBe(true)
  tally.onTheLine++
}

test('by appointments alone the bands are those of stepping through every minute', () => {
  fc.assert(
    fc.property(arbitrarySilence(fc.constantFrom(1, 2, 5)), (silence) => {
      expectSame(silence, follow(silence, 0).stays, stepped(silence, 1, true))
    }),
    STEPPED,
  )
})

test('the same over 30 and 90 days, stepped by the half hour and by minutes around each change', () => {
  fc.assert(
    fc.property(arbitrarySilence(fc.constantFrom(30, 90)), (silence) => {
      expectSame(silence, follow(silence, 0).stays, stepped(silence, 30, true))
    }),
    STEPPED,
  )
})

test('a month of the year that comes and goes is not overlooked', () => {
  const buy = (time: number, idHash: number): CustomerEvent => ({
    type: 'purchase.completed',
    customerId: 'c',
    time,
    knownAt: time,
    idHash,
    amountMinor: 1,
  })
  const at = Date.UTC(2024, 2, 20, 12)
  const state = [buy(Date.UTC(2023, 4, 15), 1), buy(at, 2)].reduce(fold, EMPTY_STATE)
  const model: RiskModel = {
    version: 'season',
    learnedFrom: 'log',
    horizonMs: 90 * 24 * 60 * MINUTE,
    weights: Float64Array.from(FEATURES, (row) => (row.name === 'yearAgoNext1' ? 1 : 0)),
    bias: 0,
    means: new Float64Array(FEATURES.length),
    watchLogit: 0.5,
    atRiskLogit: 5,
    hysteresisLogit: 0.1,
  }
  expect(follow({ log: [], state, at, model }, 0).stays).toEqual([
    { band: 'healthy', from: at },
    { band: 'watch', from: Date.UTC(2024, 3, 1) },
    { band: 'healthy', from: Date.UTC(2024, 4, 1) },
    { band: 'lapsed', from: at + model.horizonMs },
  ])
})

test('stepped histories crossed thresholds, and seldom on the line', () => {
  // Lapsing alone would be one crossing a case.
  expect(tally.crossings / tally.cases).toBeGreaterThan(1.3)
  expect(tally.onTheLine / tally.cases).toBeLessThan(0.1)
})

test('a model that lies a float32 breadth off changes bands where plain arithmetic does, give or take that breadth', () => {
  const off = fc.constantFrom(-0.99, 0.99)
  fc.assert(
    fc.property(arbitrarySilence(fc.constantFrom(1, 3, 30)), off, (silence, off) => {
      const { state, model } = silence
      const { stays } = follow(silence, off)
      for (const [i, stay] of stays.entries()) {
        if (i === 0 || stay.band === 'lapsed') continue
        const before = stays[i - 1]!.band
        const { logit, breadth } = naiveLogit(state, stay.from, model)
        const isAgreed = bandAt(state, stay.from, logit, before, model) === stay.band
        expect(isAgreed || distanceToThreshold(logit, before, model) <= breadth).toBe(true)
      }
    }),
    { numRuns: 100 },
  )
})

test('no minute lies in another band than the appointments said, but on the line', () => {
  fc.assert(
    fc.property(arbitrarySilence(fc.constantFrom(1, 3)), fc.constantFrom(-0.99, 0, 0.99), (silence, off) => {
      const { state, model, at } = silence
      const { stays } = follow(silence, off)
      const end = at + 2 * model.horizonMs
      for (const [i, stay] of stays.entries()) {
        const until = stay.band === 'lapsed' ? stay.from : (stays[i + 1]?.from ?? end)
        for (let when = Math.ceil((stay.from + 1) / MINUTE) * MINUTE; when < until; when += MINUTE) {
          const { logit, breadth } = naiveLogit(state, when, model)
          if (bandAt(state, when, logit, stay.band, model) === stay.band) continue
          expect(distanceToThreshold(logit, stay.band, model)).toBeLessThanOrEqual(2 * breadth)
        }
      }
    }),
    STEPPED,
  )
})

test('few looks: most customers are seen a handful of times in two horizons', () => {
  const looks: number[] = []
  fc.assert(
    fc.property(arbitrarySilence(fc.constant(90)), (silence) => {
      looks.push(follow(silence, 0).looks)
    }),
    { numRuns: 100 },
  )
  looks.sort((a, b) => a - b)
  expect(looks[50]).toBeLessThanOrEqual(10)
  expect(looks[90]).toBeLessThanOrEqual(40)
})

test('a band is entered at the first minute that is in it, however late one looks', () => {
  const late = fc.tuple(
    arbitrarySilence(fc.constantFrom(1, 3)),
    fc.constantFrom(undefined, ...BANDS),
    fc.double({ min: 0, max: 2, noNaN: true }),
  )
  let compared = 0
  fc.assert(
    fc.property(late, ([{ state, at, model }, previous, horizons]) => {
      const when = Math.floor(at + horizons * model.horizonMs)
      const wanted = oracleEvaluate(state, previous, when, model)
      const { logit } = naiveLogit(state, when, model)
      expect(bandAt(state, when, logit, previous, model)).toBe(wanted.band)
      if (wanted.enteredAt === undefined) return
      compared++
      const entered = enteredAt(state, wanted.band, previous, when, model)
      // Rounding may decide a minute that lies on the line.
      const line = naiveLogit(state, Math.min(entered, wanted.enteredAt), model)
      if (distanceToThreshold(line.logit, previous, model) <= 1e-9 * (1 + Math.abs(line.logit))) return
      expect(Math.abs(entered - wanted.enteredAt), `${wanted.band} from ${previous}`).toBeLessThanOrEqual(MINUTE)
    }),
    { numRuns: 300 },
  )
  expect(compared).toBeGreaterThan(150)
})

test('entered-at does not move while time passes in the band', () => {
  fc.assert(
    fc.property(arbitrarySilence(fc.constantFrom(5, 30, 90)), (silence) => {
      const { state, model } = silence
      const { stays } = follow(silence, 0)
      for (const [i, stay] of stays.entries()) {
        const until = stays[i + 1]?.from ?? stay.from + model.horizonMs
        const previous = stays[i - 1]?.band
        const early = enteredAt(state, stay.band, previous, stay.from, model)
        // A first look between two whole minutes may see a band that no whole minute sees: the look dates it then.
        if (i === 0 && early === stay.from) continue
        const late = enteredAt(state, stay.band, previous, stay.from + Math.floor((until - stay.from) / 2), model)
        expect(late).toBe(early)
      }
    }),
    { numRuns: 200 },
  )
})
