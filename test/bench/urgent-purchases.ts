import {
  DAY_MS,
  EMPTY_STATE,
  evaluate,
  featureVector,
  fold,
  logitOf,
  MINUTE_MS,
  type Policy,
  probabilityOf,
  type RiskModel,
} from '@holdfast/core'

/** A purchase that, as the only event of a customer, puts them at risk at once: one event, one job. */
export interface UrgentPurchase {
  /** How long ago it happened, ms. */
  readonly ageMs: number
  readonly amountMinor: number
}

const AMOUNTS_MINOR = [4_990, 990, 19_990]
const STEP_MS = DAY_MS / 4
/** How long the answer has to hold, so that it does not expire while the latency is measured. */
const HOLDS_MS = 60 * MINUTE_MS

/**
 * Searches, with the model in plain arithmetic, for purchases that came to be known late: so long ago that their customer is at
 * risk now, but not longer than the policy lets a job be late.
 * @throws Error when the model knows none
 */
export function findUrgentPurchases(model: RiskModel, policy: Policy, now: number): readonly UrgentPurchase[] {
  const context = { model, policy, modelMaySend: true }
  const isQueued = (time: number, amountMinor: number, at: number) => {
    const event = { type: 'purchase.completed', customerId: 'c', time, knownAt: time, idHash: 1, amountMinor } as const
    const state = fold(EMPTY_STATE, event)
    const logit = logitOf(model, featureVector(state, at))
    const { decision } = evaluate(state, at, { logit, probability: probabilityOf(logit) }, context)
    return decision.action === 'proactive-outreach' && decision.disposition === 'queued'
  }
  for (const amountMinor of AMOUNTS_MINOR) {
    const found: UrgentPurchase[] = []
    for (let ageMs = 0; ageMs < model.horizonMs; ageMs += STEP_MS) {
      const time = now - ageMs
      if (isQueued(time, amountMinor, now) && isQueued(time, amountMinor, now + HOLDS_MS)) {
        found.push({ ageMs, amountMinor })
      }
    }
    if (found.length > 0) return found
  }
  throw new Error(
    `model ${model.version} puts no customer with a single purchase at risk in time to be contacted: latency cannot be measured`,
  )
}
