import {
  type ActionKind,
  type ContractChange,
  type Outcome,
  type Purpose,
  ROLES,
  type Role,
  type SurveyKind,
} from '../event.ts'
import { NEVER } from '../time.ts'

/**
 * One customer, in two halves. Everything but `decided` is the folded half: a function of the customer's events alone,
 * in whatever order they came. `decided` also depends on when the worker looked.
 *
 * A group that the customer never touched is absent and costs no byte. `fold` leaves a state as it is and returns a new object
 * that shares every group it left alone; only a `Draft` changes in place.
 */
export interface CustomerState {
  /** Erased for good: nothing else is kept and no later event counts. */
  readonly erased: boolean
  /** The newest ids of each role, oldest first: what a producer sends twice within this reach is folded once. */
  readonly rings: Rings
  readonly purchases: PurchaseState | undefined
  readonly reversals: ReversalState | undefined
  readonly support: SupportState | undefined
  readonly surveys: Readonly<Partial<Record<SurveyKind, SurveyState>>>
  readonly engagement: EngagementState | undefined
  readonly social: SocialState | undefined
  readonly contract: ContractState | undefined
  readonly consent: Readonly<Partial<Record<Purpose, ConsentState>>>
  readonly actions: Readonly<Partial<Record<ActionKind, ActionState>>>
  readonly decided: Decided | undefined
}

/** A state that is being made. Its groups may still be those of another state, so they are read-only until they are `own`. */
export type Draft = { -readonly [K in keyof CustomerState]: CustomerState[K] }

/** A group in the hands of its only owner. */
export type Own<G> = { -readonly [K in keyof G]: G[K] extends readonly number[] ? number[] : G[K] }

/** A copy to change parts of. Written out field by field: nearly every event copies a state, and a spread takes longer. */
export function draftOf(state: CustomerState): Draft {
  return {
    erased: state.erased,
    rings: state.rings,
    purchases: state.purchases,
    reversals: state.reversals,
    support: state.support,
    surveys: state.surveys,
    engagement: state.engagement,
    social: state.social,
    contract: state.contract,
    consent: state.consent,
    actions: state.actions,
    decided: state.decided,
  }
}

export type Rings = Readonly<Record<Role, readonly number[] | undefined>>

/** Rings of a draft, which may get others in their places. */
export type OwnRings = { -readonly [R in Role]: Rings[R] }

/** Field by field, like `draftOf`. */
export function copyOfRings({ purchases, support, engagement, profile, actions }: Rings): OwnRings {
  return { purchases, support, engagement, profile, actions }
}

/** How many ids a ring remembers for each role. */
export const RING_REACH = 8

/** How many of the newest purchase times are kept. */
export const RECENT_PURCHASES = 8

/** Half-lives, days, of the decayed sums. One shared list a group: the sums share their instant as well. */
export const PURCHASE_HALF_LIVES = [15, 30, 60, 120, 240] as const
export const SUPPORT_HALF_LIVES = [30, 90] as const
/** Of requests to downgrade, pause or cancel. */
export const CONTRACT_HALF_LIFE = 90

export interface PurchaseState {
  readonly count: number
  /** Gross, minor units. */
  readonly spendMinor: number
  readonly firstAt: number
  /** Second-earliest purchase, or NEVER. */
  readonly secondAt: number
  /** Newest purchase times, newest first, at most RECENT_PURCHASES. */
  readonly recent: readonly number[]
  /** Of purchases at one instant, the larger amount counts as the first and as the last: that needs no id to commute. */
  readonly firstMinor: number
  readonly lastMinor: number
  readonly largestMinor: number
  /** Months with a purchase: bit 0 is the month of the newest one, bit k the k-th before it; low and high 32 bits. */
  readonly monthsLow: number
  readonly monthsHigh: number
  /** Decayed to the newest purchase, by PURCHASE_HALF_LIVES. */
  readonly decayedCount: readonly number[]
  readonly decayedSpend: readonly number[]
}

/** Refunds and cancellations: they lower net spend, never count or recency. */
export interface ReversalState {
  readonly refunds: number
  readonly cancellations: number
  readonly amountMinor: number
  readonly lastAt: number
  readonly decayedCount: readonly number[]
}

export interface SupportState {
  readonly opened: number
  readonly resolved: number
  readonly reopened: number
  readonly escalated: number
  readonly complaints: number
  readonly lastAt: number
  /** Resolutions whose ticket's opening is known, and the time they took in all, ms. */
  readonly timedResolutions: number
  readonly resolutionMs: number
  readonly decayedTickets: readonly number[]
  readonly decayedComplaints: readonly number[]
  readonly decayedEscalations: readonly number[]
}

export interface SurveyState {
  readonly requested: number
  readonly responded: number
  readonly scoreSum: number
  readonly lastAt: number
  /** The newest answer by (time, id); `answeredAt` is NEVER before the first. */
  readonly answeredAt: number
  readonly answerId: number
  readonly score: number
}

export interface EngagementState {
  readonly visits: number
  readonly logins: number
  readonly emailOpens: number
  readonly emailClicks: number
  readonly featureUses: number
  readonly lastAt: number
  /** Newest visit, login or feature use, or NEVER. */
  readonly lastVisitAt: number
  /** Visits, logins and feature uses together. */
  readonly decayedVisits: readonly number[]
  /** E-mail opens and clicks together. */
  readonly decayedEmail: readonly number[]
}

export interface SocialState {
  readonly mentions: number
  /** Sum of sentiments in thousandths, so that it is exact. */
  readonly sentimentMilli: number
  readonly lastAt: number
}

export interface ContractState {
  readonly counts: Readonly<Record<ContractChange, number>>
  readonly lastAt: number
  /** Downgrades, pauses and cancellations, each decayed by CONTRACT_HALF_LIFE. */
  readonly decayedDowngrade: number
  readonly decayedPause: number
  readonly decayedCancel: number
}

/** The newest word by (time, id). */
export interface ConsentState {
  readonly granted: boolean
  readonly at: number
  readonly id: number
}

/** The ledger of one kind of action: what the log says was decided and done. */
export interface ActionState {
  readonly decidedAt: number
  /** Episode of the newest decision: the instant at which the customer entered the band. */
  readonly decidedEpisode: number
  readonly deliveredAt: number
  readonly deliveredEpisode: number
  readonly delivered: number
  readonly failedAt: number
  readonly suppressedAt: number
  readonly acknowledgedAt: number
  /** The newest snooze by (time, id), and when it was said. */
  readonly snoozedAt: number
  readonly snoozedId: number
  readonly snoozedUntil: number
  /** The newest resolution by (time, id). */
  readonly resolvedAt: number
  readonly resolvedId: number
  readonly outcome: Outcome | undefined
}

/** Risk bands. A prospect never bought and has no risk; lapsed is without a purchase for the horizon already. */
export const BANDS = ['prospect', 'healthy', 'watch', 'at_risk', 'lapsed'] as const
export type Band = (typeof BANDS)[number]

/**
 * What became of the band that the customer is in: nothing to do; a job was queued; only recorded (too late, or by a model
 * that may not send); held until a snooze or cooldown ends; refused by consent or by a person's answer.
 */
export const DISPOSITIONS = ['none', 'queued', 'recorded', 'held', 'refused'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** The decided half: what the last evaluation found. */
export interface Decided {
  readonly band: Band
  /** The band that this evaluation started from; undefined at the first. */
  readonly previousBand: Band | undefined
  readonly enteredAt: number
  readonly evaluatedAt: number
  /** Float32, from the model; 0 for a prospect. */
  readonly probability: number
  readonly expectedLossMinor: number
  readonly disposition: Disposition
  /** End of the hold where `held`, else NEVER. */
  readonly heldUntil: number
  /** The prediction still to be judged: its instant (NEVER if none is open) and probability. */
  readonly predictedAt: number
  readonly predictedProbability: number
  /** The last judged prediction: 0 before the first, else 1 + 2·(probability in fiftieths) + (1 if churned). */
  readonly judged: number
}

/** Before the first evaluation. */
export const UNDECIDED: Decided = Object.freeze({
  band: 'prospect',
  previousBand: undefined,
  enteredAt: NEVER,
  evaluatedAt: NEVER,
  probability: 0,
  expectedLossMinor: 0,
  disposition: 'none',
  heldUntil: NEVER,
  predictedAt: NEVER,
  predictedProbability: 0,
  judged: 0,
})

const NONE = Object.freeze({})

/** Every role has its place from the start: objects of one shape are quick to copy. */
const NO_RINGS: Rings = Object.freeze({
  purchases: undefined,
  support: undefined,
  engagement: undefined,
  profile: undefined,
  actions: undefined,
})

export const EMPTY_STATE: CustomerState = Object.freeze({
  erased: false,
  rings: NO_RINGS,
  purchases: undefined,
  reversals: undefined,
  support: undefined,
  surveys: NONE,
  engagement: undefined,
  social: undefined,
  contract: undefined,
  consent: NONE,
  actions: NONE,
  decided: undefined,
})

export const ERASED_STATE: CustomerState = Object.freeze({ ...EMPTY_STATE, erased: true })

/** Whether nothing was ever folded into it. */
export function isUnknown({ erased, rings }: CustomerState): boolean {
  if (erased) return false
  for (const role of ROLES) if (rings[role] !== undefined) return false
  return true
}

/** Newest event, ms, that can have moved the feature vector (actions and consent cannot); NEVER for an empty state. */
export function newestEventAt(state: CustomerState): number {
  return Math.max(
    state.purchases?.recent[0] ?? NEVER,
    state.reversals?.lastAt ?? NEVER,
    state.support?.lastAt ?? NEVER,
    state.surveys.csat?.lastAt ?? NEVER,
    state.surveys.nps?.lastAt ?? NEVER,
    state.surveys.ces?.lastAt ?? NEVER,
    state.engagement?.lastAt ?? NEVER,
    state.social?.lastAt ?? NEVER,
    state.contract?.lastAt ?? NEVER,
  )
}
