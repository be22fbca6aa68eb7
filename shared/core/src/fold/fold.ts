import { type CustomerEvent, ROLE_OF_TYPE } from '../event.ts'
import { type CustomerState, draftOf, ERASED_STATE } from '../state/customer-state.ts'
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
  const next = draftOf(state)
  next.rings = remember(state.rings, role, event.idHash)
  switch (event.type) {
    case 'purchase.completed':
      next.purchases = foldPurchase(state.purchases, event)
      break
    case 'purchase.refunded':
    case 'purchase.cancelled':
      next.reversals = foldReversal(state.reversals, event)
      break
    case 'support.ticket_opened':
    case 'support.ticket_resolved':
    case 'support.ticket_reopened':
    case 'support.ticket_escalated':
      next.support = foldTicket(state.support, event)
      break
    case 'survey.requested':
    case 'survey.responded':
      next.surveys = { ...state.surveys, [event.kind]: foldSurvey(state.surveys[event.kind], event) }
      break
    case 'engagement.visited':
    case 'engagement.logged_in':
    case 'engagement.email_opened':
    case 'engagement.email_clicked':
    case 'engagement.feature_used':
      next.engagement = foldEngagement(state.engagement, event)
      break
    case 'social.mentioned':
      next.social = foldMention(state.social, event)
      break
    case 'profile.updated':
      // Personal fields live beside the state (see profile.ts); here the event only marks the customer as known.
      break
    case 'consent.changed':
      next.consent = { ...state.consent, [event.purpose]: foldConsent(state.consent[event.purpose], event) }
      break
    case 'contract.change_requested':
      next.contract = foldContract(state.contract, event)
      break
    case 'action.decided':
    case 'action.delivered':
    case 'action.failed':
    case 'action.acknowledged':
    case 'action.suppressed':
    case 'action.snoozed':
    case 'action.resolved':
      next.actions = { ...state.actions, [event.action]: foldAction(state.actions[event.action], event) }
      break
    default:
      event satisfies never
  }
  return next
}
