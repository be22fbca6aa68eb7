import type { ActionKind } from '../event.ts'
import type { Band, CustomerState, Decided, Disposition } from '../state/customer-state.ts'
import { NEVER } from '../time.ts'
import { ACTION_OF_BAND, type Policy, PURPOSE_OF_ACTION } from './policy.ts'

/** Why a customer who is at risk or lapsed is not contacted (now). */
export type Withheld = 'disabled' | 'no_consent' | 'answered' | 'snoozed' | 'cooldown' | 'too_late' | 'generated_model'

/** What is to be done about the band that a customer is in. */
export interface Decision {
  readonly disposition: Disposition
  readonly action: ActionKind | undefined
  /** The instant of entry that names the episode, ms. */
  readonly episodeAt: number
  /** When a held decision is to be taken again, ms, else NEVER. */
  readonly heldUntil: number
  readonly withheld: Withheld | undefined
}

export interface DecideInput {
  readonly state: CustomerState
  readonly before: Decided | undefined
  readonly band: Band
  readonly enteredAt: number
  readonly at: number
  readonly policy: Policy
  /** Whether the model may cause messages: false for one that learned from a generated shop while the log is real. */
  readonly modelMaySend: boolean
}

/**
 * Whether the customer is to be contacted for the band that they are in: pure, from what the log says (consent, the ledger of
 * actions) and what the last evaluation decided. A decision that was held or refused is taken again at every evaluation of
 * the same stay in the band; one that was queued or recorded is final for it. What came too late, or from a model that may not
 * send, is settled first: a first start on years of history asks nobody's consent.
 */
export function decide(input: DecideInput): Decision {
  const { state, before, band, enteredAt, at, policy } = input
  const action = ACTION_OF_BAND[band]
  if (action === undefined) return nothingNew('none', undefined, enteredAt)
  const isSameStay = before !== undefined && before.band === band
  if (isSameStay && (before.disposition === 'queued' || before.disposition === 'recorded')) {
    return nothingNew(before.disposition, action, enteredAt)
  }
  const withhold = (disposition: Disposition, withheld: Withheld, heldUntil = NEVER): Decision => ({
    disposition,
    action,
    episodeAt: enteredAt,
    heldUntil,
    withheld,
  })
  const rules = policy.actions[action]
  // A held decision is as fresh as the end of its hold.
  const heldUntil = isSameStay && before.disposition === 'held' ? before.heldUntil : NEVER
  if (at - Math.max(enteredAt, heldUntil) > policy.actionHorizonMs) return withhold('recorded', 'too_late')
  if (!input.modelMaySend && !policy.sendWithGeneratedModel) return withhold('recorded', 'generated_model')
  if (!rules.enabled) return withhold('refused', 'disabled')
  const purpose = PURPOSE_OF_ACTION[action]
  if (!(state.consent[purpose]?.granted ?? policy.consentWhenUnknown[purpose])) return withhold('refused', 'no_consent')
  const ledger = state.actions[action]
  if (ledger !== undefined) {
    if (ledger.resolvedAt >= enteredAt) return withhold('refused', 'answered')
    if (ledger.snoozedUntil > at) return withhold('held', 'snoozed', ledger.snoozedUntil)
    const cooledDownAt = ledger.deliveredAt + rules.cooldownMs
    if (ledger.deliveredAt !== NEVER && cooledDownAt > at) return withhold('held', 'cooldown', cooledDownAt)
  }
  return {
    disposition: 'queued',
    action,
    episodeAt: episodeOf(input, action, rules.cooldownMs),
    heldUntil: NEVER,
    withheld: undefined,
  }
}

function nothingNew(disposition: Disposition, action: ActionKind | undefined, episodeAt: number): Decision {
  return { disposition, action, episodeAt, heldUntil: NEVER, withheld: undefined }
}

/**
 * The episode of a contact. Where the log says that this action was decided within its cooldown and neither delivered nor failed since, the
 * job may still be on its way, or was lost with an older snapshot of Redis: the same episode is queued again, under the same
 * id, so that nobody is contacted under two.
 */
function episodeOf({ state, enteredAt, at }: DecideInput, action: ActionKind, cooldownMs: number): number {
  const ledger = state.actions[action]
  if (ledger === undefined || ledger.decidedAt === NEVER) return enteredAt
  const settledAt = Math.max(ledger.deliveredAt, ledger.failedAt)
  const isOpen = ledger.decidedAt > settledAt && ledger.decidedAt + cooldownMs > at
  return isOpen ? ledger.decidedEpisode : enteredAt
}
