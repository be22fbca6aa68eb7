import type { ContractChange } from '@holdfast/core'

/**
 * Where a customer stands. `active` buys at the full rate; `fading` has turned away but still buys now and then; `gone`
 * never buys again. Nobody comes back: the next purchase-free horizon is decided by rate and phase alone.
 */
export const PHASES = ['active', 'fading', 'gone'] as const
export type Phase = (typeof PHASES)[number]

/** One number for each phase. */
export type ByPhase = Readonly<Record<Phase, number>>

/** Gamma distribution of a rate over customers; `meanPerDay` events a day. */
export interface RatePrior {
  readonly shape: number
  readonly meanPerDay: number
}

/** How a survey is answered, from worst to best. */
export const MOODS = ['bad', 'neutral', 'good'] as const
export type Mood = (typeof MOODS)[number]
export type MoodShares = Readonly<Record<Mood, number>>

/**
 * The population that customers are drawn from: everything the posterior may know before it sees a customer. Rates are
 * a day, durations days. Pareto/NBD (Schmittlein, Morrison and Colombo, Management Science 33, 1987) is the skeleton;
 * added to it are one-time buyers, a season, a phase of fading, strain that raises the hazard, and engagement.
 */
export interface Population {
  /** Factors on purchases and visits by calendar month, mean 1. */
  readonly season: readonly number[]
  /** Purchases a day while active. */
  readonly purchases: RatePrior
  /** Hazard of turning away, a day, for a customer without strain. */
  readonly dropout: RatePrior
  /** Visits a day that end in no purchase. */
  readonly visits: RatePrior
  /** E-mails opened a day while marketing is allowed. */
  readonly opens: RatePrior
  /** Share of customers who sign up and never buy. */
  readonly prospectShare: number
  /** Share of buyers who are gone with their first purchase. */
  readonly oneTimeShare: number
  /** How long fading lasts, days, and its share. */
  readonly fading: readonly { readonly days: number; readonly share: number }[]
  /** Factor on the purchase rate by phase. */
  readonly purchaseFactor: ByPhase
  readonly visitFactor: ByPhase
  readonly openFactor: ByPhase
  /** Chance that an opened e-mail is clicked. */
  readonly clickChance: ByPhase
  /** Chance that a survey is answered. */
  readonly answerChance: ByPhase
  /** How it is answered: `calm` when the strain is at most `strainedAbove`, else `strained`. */
  readonly mood: Readonly<Record<'calm' | 'strained', Readonly<Record<Phase, MoodShares>>>>
  /** Requests a day to change the contract. */
  readonly contract: Readonly<Record<ContractChange, ByPhase>>
  /** Chance that leaving is said with a cancel request at that instant; a one-time buyer says nothing. */
  readonly goodbyeChance: number
  /** Withdrawals of marketing consent a day while granted. */
  readonly withdrawals: ByPhase
  readonly strain: StrainRule
}

/** Weights of experiences, added up over a window, clamped: the exponent of the hazard. */
export interface StrainRule {
  readonly days: number
  readonly lowest: number
  readonly highest: number
  readonly strainedAbove: number
  readonly complaint: number
  readonly escalation: number
  readonly reopening: number
  readonly badAnswer: number
  readonly goodAnswer: number
}

const perYear = (count: number): number => count / 365.25

export const DEFAULT_POPULATION: Population = {
  season: [0.85, 0.8, 0.9, 0.95, 1, 1, 0.9, 0.85, 0.95, 1.05, 1.3, 1.45],
  purchases: { shape: 1.6, meanPerDay: 1 / 54 },
  dropout: { shape: 1.3, meanPerDay: 1 / 3200 },
  visits: { shape: 1.4, meanPerDay: 1 / 130 },
  opens: { shape: 1.2, meanPerDay: 1 / 200 },
  prospectShare: 0.06,
  oneTimeShare: 0.18,
  fading: [
    { days: 0, share: 0.3 },
    { days: 20, share: 0.3 },
    { days: 50, share: 0.4 },
  ],
  purchaseFactor: { active: 1, fading: 0.35, gone: 0 },
  visitFactor: { active: 1, fading: 0.35, gone: 0.06 },
  openFactor: { active: 1, fading: 0.5, gone: 0.12 },
  clickChance: { active: 0.3, fading: 0.1, gone: 0.04 },
  answerChance: { active: 0.5, fading: 0.3, gone: 0.1 },
  mood: {
    calm: {
      active: { bad: 0.06, neutral: 0.24, good: 0.7 },
      fading: { bad: 0.25, neutral: 0.45, good: 0.3 },
      gone: { bad: 0.4, neutral: 0.4, good: 0.2 },
    },
    strained: {
      active: { bad: 0.4, neutral: 0.35, good: 0.25 },
      fading: { bad: 0.65, neutral: 0.25, good: 0.1 },
      gone: { bad: 0.75, neutral: 0.2, good: 0.05 },
    },
  },
  contract: {
    upgrade: { active: perYear(0.15), fading: perYear(0.02), gone: 0 },
    downgrade: { active: perYear(0.06), fading: perYear(5), gone: 0 },
    pause: { active: perYear(0.06), fading: perYear(5), gone: 0 },
    cancel: { active: perYear(0.02), fading: perYear(0.3), gone: 0 },
  },
  goodbyeChance: 0.3,
  withdrawals: { active: perYear(0.08), fading: perYear(1.2), gone: perYear(0.3) },
  strain: {
    days: 60,
    lowest: -0.4,
    highest: 5,
    strainedAbove: 0.5,
    complaint: 3.5,
    escalation: 1.2,
    reopening: 1,
    badAnswer: 1.5,
    goodAnswer: -0.4,
  },
}
