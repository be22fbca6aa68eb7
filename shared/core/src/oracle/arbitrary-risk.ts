import fc from 'fast-check'
import { createValuation, type Valuation } from '../clv/valuation.ts'
import type { CustomerEvent } from '../event.ts'
import { FEATURES } from '../features/table.ts'
import { fold } from '../fold/fold.ts'
import type { RiskModel } from '../risk/model.ts'
import { type CustomerState, EMPTY_STATE } from '../state/customer-state.ts'
import { arbitraryLog } from './arbitrary-log.ts'
import { naiveLogit } from './naive-risk.ts'

const DAY = 86_400_000

/** A customer who bought lately, at one instant of looking, and a model that finds something to see in the silence after. */
export interface SilentCase {
  readonly log: readonly CustomerEvent[]
  readonly state: CustomerState
  readonly at: number
  readonly model: RiskModel
}

/** Most weights are 0, as after a ridge that found them useless; the others have either sign. */
const weights = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.double({ min: -2, max: 2, noNaN: true }) },
  ),
  { minLength: FEATURES.length, maxLength: FEATURES.length },
)

const share = fc.double({ min: 0, max: 1, noNaN: true })

const valuation = fc.record({ r: share, alpha: share, a: share, b: share, q: share }).map(({ r, alpha, a, b, q }) =>
  createValuation({
    buying: { r: 0.1 + r, alpha: 0.1 + 20 * alpha, a: 0.01 + 3 * a, b: 0.1 + 5 * b },
    spending: { p: 2, q: 1.1 + 5 * q, gamma: 20 },
    horizon: { weeks: 52, yearlyDiscount: 0.1 },
  }),
)

/**
 * Random linear models over the feature table whose thresholds lie among the logits that the customer's silence visits, so
 * that bands do change; the margin is wider than the float32 breadth, as every usable model's is.
 */
export function arbitrarySilence(horizonDays: fc.Arbitrary<number>): fc.Arbitrary<SilentCase> {
  return fc
    .record({
      log: arbitraryLog(25),
      horizonDays,
      weights,
      sinceSale: share,
      sinceEvent: fc.oneof(fc.constantFrom(0, 1, 59_999), fc.nat(DAY)),
      amountMinor: fc.nat(100_000),
      low: share,
      high: share,
      margin: share,
      valuation: fc.option(valuation, { nil: undefined }),
    })
    .map((drawn) => {
      const horizonMs = drawn.horizonDays * DAY
      const newest = Math.max(Date.UTC(2016, 0, 1), ...drawn.log.map((e) => e.time))
      const time = Math.floor(newest - drawn.sinceSale ** 2 * horizonMs)
      const sale: CustomerEvent = {
        type: 'purchase.completed',
        customerId: 'cust-1',
        time,
        knownAt: time,
        idHash: 2 ** 47,
        amountMinor: drawn.amountMinor,
      }
      const log = [...drawn.log, sale]
      const state = log.reduce(fold, EMPTY_STATE)
      const at = newest + drawn.sinceEvent
      return { log, state, at, model: fitted(state, at, horizonMs, drawn) }
    })
}

function fitted(
  state: CustomerState,
  at: number,
  horizonMs: number,
  drawn: {
    weights: readonly number[]
    low: number
    high: number
    margin: number
    valuation: Valuation | undefined
  },
): RiskModel {
  const model: RiskModel = {
    version: 'random',
    learnedFrom: 'log',
    horizonMs,
    weights: Float64Array.from(drawn.weights),
    bias: -1,
    means: Float64Array.from(drawn.weights, (_, i) => (i % 7) / 3),
    watchLogit: 0,
    atRiskLogit: 0,
    hysteresisLogit: 0,
    valuation: drawn.valuation,
  }
  const visited = Array.from({ length: 24 }, (_, i) => naiveLogit(state, at + (i / 23) * horizonMs, model))
  const logits = visited.map(({ logit }) => logit)
  const [least, most] = [Math.min(...logits), Math.max(...logits)]
  const range = most - least
  const margin = 8 * Math.max(...visited.map(({ breadth }) => breadth)) + 0.2 * drawn.margin * range
  const watchLogit = least + Math.min(drawn.low, drawn.high) * range
  return {
    ...model,
    watchLogit,
    atRiskLogit: Math.max(watchLogit + 2 * margin, least + Math.max(drawn.low, drawn.high) * range),
    hysteresisLogit: margin,
  }
}
