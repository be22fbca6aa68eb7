import type { ThresholdRule } from './fit/thresholds.ts'

/** What a data engineer may choose; everything has a default. */
export interface TrainingSettings {
  /** Churn is no purchase within this many days. */
  readonly horizonDays: number
  /** Days between training cutoffs, days of history before the first, and the most cutoffs taken (the newest). */
  readonly stepDays: number
  readonly warmUpDays: number
  readonly mostCutoffs: number
  /** Candidates for the ridge, from strong to weak; against the summed log loss on standardised inputs. */
  readonly ridges: readonly number[]
  /** Taken unless another candidate is clearly better on later windows, and where there is none. One of `ridges`, or the nearest. */
  readonly usualRidge: number
  /** No feature is scaled by less, in its own unit (see `FitOptions`). */
  readonly smallestScale: number
  /** A training row counts half as much for every so many days that its cutoff lies before the newest one. */
  readonly halfLifeDays: number
  /**
   * Weight of rows of customers who are lapsed at the cutoff; others weigh 1. Their band follows from the rule, but what they
   * do tells of the others too: on real logs less weight ranked nobody better.
   */
  readonly lapsedWeight: number
  /** Kept on customers who are not lapsed. `watch` gives way where it would reach above `at_risk`. */
  readonly watch: ThresholdRule
  readonly atRisk: ThresholdRule
  /** How far below its bound, as a logit, a band is left again. */
  readonly marginLogit: number
}

export const DEFAULT_SETTINGS = {
  horizonDays: 90,
  stepDays: 30,
  warmUpDays: 90,
  mostCutoffs: 24,
  ridges: [10_000, 3_000, 1_000, 300, 100, 30],
  usualRidge: 1_000,
  smallestScale: 0.1,
  halfLifeDays: 180,
  lapsedWeight: 1,
  watch: { capacity: 0.4 },
  atRisk: { precision: 0.7, capacity: 0.2 },
  marginLogit: 0.15,
} as const satisfies TrainingSettings

export const DAY_MS = 86_400_000
