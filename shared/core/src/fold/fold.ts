import { type CustomerEvent, ROLE_OF_TYPE } from '../event.ts'
import { type CustomerState, type Draft, draftOf, EMPTY_STATE, ERASED_STATE } from '../state/customer-state.ts'
import { ENGAGEMENT, PURCHASES, REVERSALS, SUPPORT } from '../state/groups/index.ts'
import { foldAction } from './actions.ts'
import { foldConsent, foldContract } from './contract.ts'
import { foldEngagement, foldMention } from './engagement.ts'
import { own } from './own.ts'
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
  const draft = draftOf(state)
  return foldInto(draft, event, state) ? draft : state
}

/**
 * The same in place, for whoever folds many events and wants no new state for each. Returns whether anything changed.
 * @param base a state that shares groups with the draft: it stays as it is, for such a group is copied before it changes
 */
export function foldInto(draft: Draft, event: CustomerEvent, base: CustomerState = EMPTY_STATE): boolean {
  if (draft.erased) return false
  if (event.type === 'customer.erased') {
    Object.assign(draft, ERASED_STATE)
    return true
  }
  const role = ROLE_OF_TYPE[event.type]
  if (remembers(draft.rings, role, event.idHash)) return false
  remember(draft, base.rings, role, event.idHash)
  switch (event.type) {
    case 'purchase.completed':
      draft.purchases = foldPurchase(own(PURCHASES, draft.purchases, base.purchases), event)
      break
    case 'purchase.refunded':
    case 'purchase.cancelled':
      draft.reversals = foldReversal(own(REVERSALS, draft.reversals, base.reversals), event)
      break
    case 'support.ticket_opened':
    case 'support.ticket_resolved':
    case 'support.ticket_reopened':
    case 'support.ticket_escalated':
      draft.support = foldTicket(own(SUPPORT, draft.support, base.support), event)
      break
    case 'survey.requested':
    case 'survey.responded':
      draft.surveys = { ...draft.surveys, [event.kind]: foldSurvey(draft.surveys[event.kind], event) }
      break
    case 'engagement.visited':
    case 'engagement.logged_in':
    case 'engagement.email_opened':
    case 'engagement.email_clicked':
    case 'engagement.feature_used':
      draft.engagement = foldEngagement(own(ENGAGEMENT, draft.engagement, base.engagement), event)
      break
    case 'social.mentioned':
      draft.social = foldMention(draft.social, event)
      break
    case 'profile.updated':
      // Personal fields live beside the state (see profile.ts); here the event only marks the customer as known.
      break
    case 'consent.changed':
      draft.consent = { ...draft.consent, [event.purpose]: foldConsent(draft.consent[event.purpose], event) }
      break
    case 'contract.change_requested':
      draft.contract = foldContract(draft.contract, event)
      break
    case 'action.decided':
    case 'action.delivered':
    case 'action.failed':
    case 'action.acknowledged':
    case 'action.suppressed':
    case 'action.snoozed':
    case 'action.resolved':
      draft.actions = { ...draft.actions, [event.action]: foldAction(draft.actions[event.action], event) }
      break
    default:
      event satisfies never
  }
  return true
}
