import type { CustomerState } from '../state/customer-state.ts'
import type { Facts } from './facts.ts'
import type { StillFacts } from './still-facts.ts'

/** Groups of features: reasons are given by group, because a person cannot act on twelve hinges. */
export const FEATURE_GROUPS = [
  'recency',
  'rhythm',
  'frequency',
  'tenure',
  'spend',
  'season',
  'returns',
  'support',
  'voice',
  'engagement',
  'contract',
] as const
export type FeatureGroup = (typeof FEATURE_GROUPS)[number]

/**
 * How a feature moves while no event arrives: monotone, still, or in steps at whole UTC months. The search for the next
 * appointment rests on it, so a test holds every row to its word.
 */
export type Silence = 'rises' | 'falls' | 'constant' | 'steps'

/** Parts of a state that many customers never touch, and without which whole rows are nothing but 0. */
export const SOURCES = ['reversals', 'support', 'engagement', 'contract'] as const
export type Source = (typeof SOURCES)[number]

/** Which of the sources a state has, as a number: bit i is the i-th. */
export function sourcesOf(state: CustomerState): number {
  let sources = 0
  for (let i = 0; i < SOURCES.length; i++) if (state[SOURCES[i]!] !== undefined) sources |= 1 << i
  return sources
}

/** A formula that many rows share but for a number, so that they can be computed together. */
export type Shape =
  /** max(0, x - knee), which lets a linear model bend at the knee, times something that stands still. */
  | {
      readonly kind: 'hinge'
      readonly x: (facts: Facts) => number
      readonly knee: number
      readonly times: (still: StillFacts) => number
    }
  /** log1p of one of several sums, in whole units. */
  | {
      readonly kind: 'log'
      readonly sums: (facts: Facts) => readonly number[]
      readonly index: number
      readonly unit: number
    }

/** One feature: the only definition there is, for the live pipeline, the trainer and the documentation. */
export interface FeatureRow {
  readonly name: string
  readonly group: FeatureGroup
  readonly unit: string
  readonly silence: Silence
  /** The part of a state without which the row is 0 at every instant. */
  readonly zeroWithout?: Source
  readonly formula: string
  /** Why it should predict churn. */
  readonly why: string
  of(facts: Facts): number
  /** What `of` is an instance of, if of any. */
  readonly shape?: Shape
}

/** Whether a row can be other than 0 where there are these sources. */
export function isLive({ zeroWithout }: FeatureRow, sources: number): boolean {
  return zeroWithout === undefined || ((sources >> SOURCES.indexOf(zeroWithout)) & 1) === 1
}

type Computed = Pick<FeatureRow, 'of' | 'shape'>

/** A row that is max(0, x - knee)·times. */
export function hinge(
  x: (facts: Facts) => number,
  knee: number,
  times: (still: StillFacts) => number = once,
): Computed {
  return { of: (seen) => bent(x(seen), knee) * times(seen.still), shape: { kind: 'hinge', x, knee, times } }
}

function once(): number {
  return 1
}

/** A row that is log1p of the sum at `index`, of which `unit` make a whole one. */
export function logOfSum(sums: (facts: Facts) => readonly number[], index: number, unit = 1): Computed {
  return { of: (seen) => logOf(sums(seen)[index]!, unit), shape: { kind: 'log', sums, index, unit } }
}

export function bent(x: number, knee: number): number {
  return Math.max(0, x - knee)
}

export function logOf(amount: number, unit: number): number {
  return log1p(Math.max(0, amount) / unit)
}

/** log(1 + x). Most customers have nothing of most kinds, and asking is quicker than computing. */
export function log1p(x: number): number {
  return x === 0 ? 0 : Math.log1p(x)
}

export function flag(condition: boolean): number {
  return condition ? 1 : 0
}
