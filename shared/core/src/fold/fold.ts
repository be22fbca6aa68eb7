import { type CustomerEvent, ROLE_OF_TYPE } from '../event.ts'
import { type CustomerState, ERASED_STATE } from '../state/customer-state.ts'
import { foldAction } from './actions.ts'
import { foldConsent, foldContract } from './contract.ts'
import { foldEngagement, foldMention } from './engagement.ts'
import { foldPurchase, foldReversal } from './purchases.ts'
import { remember, remembers } from './ring.ts'
import { foldSurvey, foldTicket } from './support.ts'

/**
 * The state after one more event: pure, and insensitive to the order of events (rings aside, and decayed sums within
 * rounding). The live pipeline, the rebuild and the trainer all run this one function over the same log.
 *
 * Returns the same object where the event changes nothing: a duplicate within the ring's reach, or an erased customer.
 */
export function fold(state: CustomerState, event: CustomerEvent): CustomerState {
  if (state.erased) return state
  if (event.type === 'customer.erased') return ERASED_STATE
  const role = ROLE_OF_TYPE[event.type]
  if (remembers(state.rings, role, event.idHash)) return state
  const rings = remember(state.rings, role, event.idHash)
  switch (event.type) {
    case 'purchase.completed':
      return { ...state, rings, purchases: foldPurchase(state.purchases, event) }
    case 'purchase.refunded':
    case 'purchase.cancelled':
      return { ...state, rings, reversals: foldReversal(state.reversals, event) }
    case 'support.ticket_opened':
    case 'support.ticket_resolved':
    case 'support.ticket_reopened':
    case 'support.ticket_escalated':
      return { ...state, rings, support: foldTicket(state.support, event) }
    case 'survey.requested':
    case 'survey.responded':
      return {
        ...state,
        rings,
        surveys: { ...state.surveys, [event.kind]: foldSurvey(state.surveys[event.kind], event) },
      }
    case 'engagement.visited':
    case 'engagement.logged_in':
    case 'engagement.email_opened':
    case 'engagement.email_clicked':
    case 'engagement.feature_used':
      return { ...state, rings, engagement: foldEngagement(state.engagement, event) }
    case 'social.mentioned':
      return { ...state, rings, social: foldMention(state.social, event) }
    case 'profile.updated':
      // Personal fields live beside the state (see profile.ts); here the event only marks the customer as known.
      return { ...state, rings }
    case 'consent.changed':
      return {
        ...state,
        rings,
        consent: { ...state.consent, [event.purpose]: foldConsent(state.consent[event.purpose], event) },
      }
    case 'contract.change_requested':
      return { ...state, rings, contract: foldContract(state.contract, event) }
    case 'action.decided':
    case 'action.delivered':
    case 'action.failed':
    case 'action.acknowledged':
    case 'action.suppressed':
    case 'action.snoozed':
    case 'action.resolved':
      return {
        ...state,
        rings,
        actions: { ...state.actions, [event.action]: foldAction(state.actions[event.action], event) },
      }
  }
}
