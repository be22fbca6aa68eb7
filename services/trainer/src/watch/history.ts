import type { TrainingDistribution } from '@holdfast/champion'
import type { CustomerState } from '@holdfast/core'
import { DAY_MS } from '../settings.ts'

/** How far back what is known of the customers reaches, and how far it did for the champion. */
export interface History {
  /** Since the first purchase of the oldest customer of the sample, days. */
  readonly days: number
  /** Nine in ten of the rows that the champion learned from were of younger customers, days; null where it does not say. */
  readonly learnedDays: number | null
  /** Of the champion. */
  readonly horizonDays: number
}

/** @param states customers who have bought; at least one */
export function historyOf(
  states: readonly CustomerState[],
  training: TrainingDistribution | undefined,
  horizonDays: number,
  at: number,
): History {
  const first = states.reduce((least, { purchases }) => Math.min(least, purchases?.firstAt ?? at), at)
  const years = training?.features.find(({ feature }) => feature === 'tenureYears')?.reference.bounds.at(-1)
  return { days: (at - first) / DAY_MS, learnedDays: years === undefined ? null : years * 365, horizonDays }
}
