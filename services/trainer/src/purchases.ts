import type { CustomerEvent, PurchaseDays } from '@holdfast/core'
import { addTo } from './clv.ts'

/** Passes events through and notes the purchases that were known at `at`, ms, for models of buying. */
export async function* notingPurchases(
  events: Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>,
  at: number,
  purchases: Map<string, PurchaseDays>,
): AsyncGenerator<CustomerEvent> {
  for await (const event of events) {
    if (event.type === 'purchase.completed' && event.knownAt <= at) addTo(purchases, event)
    yield event
  }
}
