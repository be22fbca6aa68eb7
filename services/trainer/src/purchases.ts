import type { CustomerEvent, PurchaseDays } from '@holdfast/core'
import { addTo } from './clv.ts'

/** Passes events through and notes the purchases that were known at `at`, ms, for models of buying; none of who was erased. */
export async function* notingPurchases(
  events: Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>,
  at: number,
  purchases: Map<string, PurchaseDays>,
): AsyncGenerator<CustomerEvent> {
  const erased = new Set<string>()
  for await (const event of events) {
    note(event, at, purchases, erased)
    yield event
  }
}

/** The same of events in memory. */
export function purchasesOf(events: Iterable<CustomerEvent>, at: number): Map<string, PurchaseDays> {
  const purchases = new Map<string, PurchaseDays>()
  const erased = new Set<string>()
  for (const event of events) note(event, at, purchases, erased)
  return purchases
}

function note(event: CustomerEvent, at: number, purchases: Map<string, PurchaseDays>, erased: Set<string>): void {
  if (event.type === 'customer.erased') {
    erased.add(event.customerId)
    purchases.delete(event.customerId)
  } else if (event.type === 'purchase.completed' && event.knownAt <= at && !erased.has(event.customerId)) {
    addTo(purchases, event)
  }
}
