import type { CustomerState } from '../state/customer-state.ts'
import { decide, type Withheld } from './decide.ts'
import type { Policy } from './policy.ts'

/**
 * Why a customer is not contacted for the band that they are in. The state keeps what was decided and not why, so the decision
 * is taken again, at the instant of the last evaluation. Undefined where somebody is contacted or nothing was to be done, and
 * where the reason cannot be told for certain: a decision that was only recorded is final, and by now both of its reasons may
 * hold; or the policy has changed since.
 */
export function whyWithheld(state: CustomerState, policy: Policy, modelMaySend: boolean): Withheld | undefined {
  const { decided } = state
  if (decided === undefined || decided.disposition === 'none' || decided.disposition === 'queued') return undefined
  const { band, enteredAt, evaluatedAt: at, disposition } = decided
  if (disposition === 'recorded') {
    const isLate = at - enteredAt > policy.actionHorizonMs
    const mayNot = !modelMaySend && !policy.sendWithGeneratedModel
    if (isLate === mayNot) return undefined
    return isLate ? 'too_late' : 'generated_model'
  }
  const again = decide({ state, before: decided, band, enteredAt, at, policy, modelMaySend })
  return again.disposition === disposition ? again.withheld : undefined
}
