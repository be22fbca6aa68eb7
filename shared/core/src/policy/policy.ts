import type { ActionKind, Purpose } from '../event.ts'
import type { Band } from '../state/customer-state.ts'

/** What may be done for whom, and how often; parsed from a policy file by `shared/contracts`. */
export interface Policy {
  readonly actions: Readonly<Record<ActionKind, ActionPolicy>>
  /** Whether a customer who never said yes or no may be written to. */
  readonly consentWhenUnknown: Readonly<Record<Purpose, boolean>>
  /** A decision whose band was entered longer ago than this, ms, is recorded and not sent. */
  readonly actionHorizonMs: number
  /** Whether a model that learned from a generated shop may cause messages on a log that is not one. */
  readonly sendWithGeneratedModel: boolean
}

export interface ActionPolicy {
  readonly enabled: boolean
  /** Least time between two messages of this kind to one customer, ms. */
  readonly cooldownMs: number
}

/** The band whose entry each action answers. */
export const ACTION_OF_BAND: Readonly<Partial<Record<Band, ActionKind>>> = {
  at_risk: 'proactive-outreach',
  lapsed: 'reactivation',
}

/** The consent that each action needs. */
export const PURPOSE_OF_ACTION: Readonly<Record<ActionKind, Purpose>> = {
  'proactive-outreach': 'outreach',
  reactivation: 'marketing',
}
