import type { Job } from '@holdfast/contracts'
import { type CustomerState, NEVER, type Policy, PURPOSE_OF_ACTION } from '@holdfast/core'

/** Why a job is not sent although it was queued. */
export type Refusal =
  | 'erased'
  | 'disabled'
  | 'no_consent'
  | 'answered'
  | 'snoozed'
  | 'already_delivered'
  | 'cooldown'
  | 'no_longer_at_risk'

export interface GateInput {
  /** What the shard knows of the customer now. */
  readonly state: CustomerState
  readonly job: Pick<Job, 'action' | 'band' | 'enteredAt'>
  readonly policy: Policy
  /** Domain time, ms. */
  readonly at: number
  /** Whether a channel has taken this very job already: then its own delivery holds back nothing. */
  readonly begun: boolean
}

/**
 * The last look before a message leaves: whether anything happened since the decision that speaks against it. Pure. The
 * decision (`decide` in core) asked the same questions; here they are asked of what is known at the moment of sending.
 */
export function refusalOf({ state, job, policy, at, begun }: GateInput): Refusal | undefined {
  const { action, band, enteredAt } = job
  if (state.erased) return 'erased'
  const rules = policy.actions[action]
  if (!rules.enabled) return 'disabled'
  const purpose = PURPOSE_OF_ACTION[action]
  if (!(state.consent[purpose]?.granted ?? policy.consentWhenUnknown[purpose])) return 'no_consent'
  const ledger = state.actions[action]
  if (ledger !== undefined) {
    if (ledger.resolvedAt !== NEVER && ledger.resolvedAt >= enteredAt) return 'answered'
    if (ledger.snoozedUntil > at) return 'snoozed'
    const isOwn = ledger.deliveredAt !== NEVER && ledger.deliveredEpisode === enteredAt
    if (isOwn && !begun) return 'already_delivered'
    const isCoolingDown = ledger.deliveredAt !== NEVER && ledger.deliveredAt + rules.cooldownMs > at
    if (isCoolingDown && !isOwn) return 'cooldown'
  }
  // Whoever has not been looked at since an older state was restored is in no band that we know of: the shard decides anew.
  return state.decided?.band === band ? undefined : 'no_longer_at_risk'
}
