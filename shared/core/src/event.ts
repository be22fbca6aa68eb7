/**
 * What happened to a customer, in the units that the fold keeps: times in ms since 1970 UTC, money in integer minor units
 * of the base currency, ids as 48-bit hashes. `shared/contracts` parses CloudEvents into these; nothing else makes them.
 */

/** The input topics, by role. A field of the state is fed by one role only, so one partition's order decides its bits. */
export const ROLES = ['purchases', 'support', 'engagement', 'profile', 'actions'] as const
export type Role = (typeof ROLES)[number]

/** What can be done for a customer; also the names of the two queues. */
export const ACTION_KINDS = ['proactive-outreach', 'reactivation'] as const
export type ActionKind = (typeof ACTION_KINDS)[number]

export const SURVEY_KINDS = ['csat', 'nps', 'ces'] as const
export type SurveyKind = (typeof SURVEY_KINDS)[number]

export const PURPOSES = ['outreach', 'marketing'] as const
export type Purpose = (typeof PURPOSES)[number]

export const CONTRACT_CHANGES = ['upgrade', 'downgrade', 'pause', 'cancel'] as const
export type ContractChange = (typeof CONTRACT_CHANGES)[number]

export const OUTCOMES = ['saved', 'lost', 'not_at_risk'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Fields of a profile. They are personal and live beside the state, never in it. */
export const PROFILE_FIELDS = [
  'email',
  'name',
  'locale',
  'timezone',
  'country',
  'tier',
  'acquisitionChannel',
  'referredBy',
  'ownerId',
] as const
export type ProfileField = (typeof PROFILE_FIELDS)[number]

interface Happened {
  readonly customerId: string
  /** When it happened, ms. */
  readonly time: number
  /** When it became known, ms: CloudEvents `recordedtime` where present, else `time`. */
  readonly knownAt: number
  /** `hash48` of (source, id): drops duplicates and breaks ties of time. */
  readonly idHash: number
}

export interface PurchaseCompleted extends Happened {
  readonly type: 'purchase.completed'
  readonly amountMinor: number
}

export interface PurchaseReversed extends Happened {
  readonly type: 'purchase.refunded' | 'purchase.cancelled'
  readonly amountMinor: number
}

export interface TicketOpened extends Happened {
  readonly type: 'support.ticket_opened'
  readonly complaint: boolean
}

export interface TicketResolved extends Happened {
  readonly type: 'support.ticket_resolved'
  /** When the ticket was opened, ms, where the helpdesk says so. */
  readonly openedAt: number | undefined
}

export interface TicketChanged extends Happened {
  readonly type: 'support.ticket_reopened' | 'support.ticket_escalated'
}

export interface SurveyRequested extends Happened {
  readonly type: 'survey.requested'
  readonly kind: SurveyKind
}

export interface SurveyResponded extends Happened {
  readonly type: 'survey.responded'
  readonly kind: SurveyKind
  /** CSAT 1..5, NPS 0..10, CES 1..7. */
  readonly score: number
}

export interface Engaged extends Happened {
  readonly type:
    | 'engagement.visited'
    | 'engagement.logged_in'
    | 'engagement.email_opened'
    | 'engagement.email_clicked'
    | 'engagement.feature_used'
}

export interface Mentioned extends Happened {
  readonly type: 'social.mentioned'
  /** -1 (hostile) to 1 (friendly). */
  readonly sentiment: number
}

export interface ProfileUpdated extends Happened {
  readonly type: 'profile.updated'
  readonly fields: Readonly<Partial<Record<ProfileField, string>>>
}

export interface ConsentChanged extends Happened {
  readonly type: 'consent.changed'
  readonly purpose: Purpose
  readonly granted: boolean
}

export interface ContractChangeRequested extends Happened {
  readonly type: 'contract.change_requested'
  readonly kind: ContractChange
}

export interface CustomerErased extends Happened {
  readonly type: 'customer.erased'
}

interface Acted extends Happened {
  readonly action: ActionKind
  /** Instant at which the customer entered the band that the action answers, ms: with customer and action, the episode. */
  readonly enteredAt: number
}

export interface ActionProgressed extends Acted {
  readonly type: 'action.decided' | 'action.delivered' | 'action.failed' | 'action.acknowledged'
}

export interface ActionSuppressed extends Acted {
  readonly type: 'action.suppressed'
  readonly reason: string
}

export interface ActionSnoozed extends Acted {
  readonly type: 'action.snoozed'
  /** End of the snooze, ms. */
  readonly until: number
}

export interface ActionResolved extends Acted {
  readonly type: 'action.resolved'
  readonly outcome: Outcome
}

export type CustomerEvent =
  | PurchaseCompleted
  | PurchaseReversed
  | TicketOpened
  | TicketResolved
  | TicketChanged
  | SurveyRequested
  | SurveyResponded
  | Engaged
  | Mentioned
  | ProfileUpdated
  | ConsentChanged
  | ContractChangeRequested
  | CustomerErased
  | ActionProgressed
  | ActionSuppressed
  | ActionSnoozed
  | ActionResolved

export type EventType = CustomerEvent['type']

/** The one topic, by role, that carries each type. */
export const ROLE_OF_TYPE: Readonly<Record<EventType, Role>> = {
  'purchase.completed': 'purchases',
  'purchase.refunded': 'purchases',
  'purchase.cancelled': 'purchases',
  'support.ticket_opened': 'support',
  'support.ticket_resolved': 'support',
  'support.ticket_reopened': 'support',
  'support.ticket_escalated': 'support',
  'survey.requested': 'support',
  'survey.responded': 'support',
  'engagement.visited': 'engagement',
  'engagement.logged_in': 'engagement',
  'engagement.email_opened': 'engagement',
  'engagement.email_clicked': 'engagement',
  'engagement.feature_used': 'engagement',
  'social.mentioned': 'engagement',
  'profile.updated': 'profile',
  'consent.changed': 'profile',
  'contract.change_requested': 'profile',
  'customer.erased': 'profile',
  'action.decided': 'actions',
  'action.delivered': 'actions',
  'action.failed': 'actions',
  'action.acknowledged': 'actions',
  'action.suppressed': 'actions',
  'action.snoozed': 'actions',
  'action.resolved': 'actions',
}
