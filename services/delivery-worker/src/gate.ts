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
  | 'superseded'
  | 'cooldown'
  | 'no_longer_at_risk'

/** Closed for now: the same question has another answer at `until`, domain time, ms. */
export type Hold = { readonly kind: 'held'; readonly reason: 'snoozed' | 'cooldown'; readonly until: number }

export type GateVerdict = { readonly kind: 'open' } | { readonly kind: 'refused'; readonly reason: Refusal } | Hold

export interface GateInput {
  /** What the shard knows of the customer now. */
  readonly state: CustomerState
  readonly job: Pick<Job, 'action' | 'band' | 'enteredAt' | 'decidedAt'>
  readonly policy: Policy
  /** Domain time, ms. */
  readonly at: number
  /** Whether a channel has taken this very job already: then its own delivery holds back nothing. */
  readonly begun: boolean
}

const OPEN: GateVerdict = { kind: 'open' }
const refused = (reason: Refusal): GateVerdict => ({ kind: 'refused', reason })

/**
 * The last look before a message leaves: whether anything happened since the decision that speaks against it. Pure. The
 * decision (`decide` in core) asked the same questions; here they are asked of what is known at the moment of sending.
 */
export function gate({ state, job, policy, at, begun }: GateInput): GateVerdict {
  const { action, band, enteredAt, decidedAt } = job
  if (state.erased) return refused('erased')
  const rules = policy.actions[action]
  if (!rules.enabled) return refused('disabled')
  const purpose = PURPOSE_OF_ACTION[action]
  if (!(state.consent[purpose]?.granted ?? policy.consentWhenUnknown[purpose])) return refused('no_consent')
  const isInBand = state.decided?.band === band
  // What was queued is decided no second time in the same stay: a job given up for a while would be a contact given up for good.
  // A newer stay whose own decision is held has the risk-worker to wait for it.
  const isAwaited = isInBand && state.decided?.disposition === 'queued' && !begun
  const wait = (reason: Hold['reason'], until: number): GateVerdict =>
    isAwaited ? { kind: 'held', reason, until } : refused(reason)
  const ledger = state.actions[action]
  if (ledger !== undefined) {
    if (ledger.resolvedAt !== NEVER && ledger.resolvedAt >= enteredAt) return refused('answered')
    const isOwn = ledger.deliveredAt !== NEVER && ledger.deliveredEpisode === enteredAt
    if (isOwn && !begun) return refused('already_delivered')
    // Whoever waited so long that they were decided upon anew has a job under the new episode's id.
    if (ledger.decidedAt > decidedAt && ledger.decidedEpisode !== enteredAt) return refused('superseded')
    if (ledger.snoozedUntil > at) return wait('snoozed', ledger.snoozedUntil)
    const cooledDownAt = ledger.deliveredAt + rules.cooldownMs
    if (ledger.deliveredAt !== NEVER && cooledDownAt > at && !isOwn) return wait('cooldown', cooledDownAt)
  }
  // Whoever has not been looked at since an older state was restored is in no band that we know of: the shard decides anew.
  return isInBand ? OPEN : refused('no_longer_at_risk')
}
