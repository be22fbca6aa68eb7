import type { CustomerEvent, EventType } from '@holdfast/core'

/**
 * A list of events as columns of numbers. Of the hundreds of thousands that wait behind on the log each object would be
 * copied by the collections of garbage that it outlives; a number is not.
 */
export class EventColumns {
  private readonly types: EventType[] = []
  private readonly times: number[] = []
  private readonly knownAts: number[] = []
  private readonly idHashes: number[] = []
  /** What an event says beside that, where one number says it; else its place in `others`. */
  private readonly contents: number[] = []
  /** Events of the rarer types, as they came. */
  private readonly others: CustomerEvent[] = []

  get length(): number {
    return this.types.length
  }

  push(event: CustomerEvent): void {
    this.types.push(event.type)
    this.times.push(event.time)
    this.knownAts.push(event.knownAt)
    this.idHashes.push(event.idHash)
    this.contents.push(this.contentOf(event))
  }

  /** The i-th event, whose customer is known elsewhere. */
  at(i: number, customerId: string): CustomerEvent {
    const type = this.types[i]!
    const time = this.times[i]!
    const knownAt = this.knownAts[i]!
    const idHash = this.idHashes[i]!
    const content = this.contents[i]!
    switch (type) {
      case 'purchase.completed':
      case 'purchase.refunded':
      case 'purchase.cancelled':
        return { type, customerId, time, knownAt, idHash, amountMinor: content }
      case 'support.ticket_opened':
        return { type, customerId, time, knownAt, idHash, complaint: content === 1 }
      case 'support.ticket_resolved':
        return { type, customerId, time, knownAt, idHash, openedAt: Number.isNaN(content) ? undefined : content }
      case 'support.ticket_reopened':
      case 'support.ticket_escalated':
      case 'engagement.visited':
      case 'engagement.logged_in':
      case 'engagement.email_opened':
      case 'engagement.email_clicked':
      case 'engagement.feature_used':
        return { type, customerId, time, knownAt, idHash }
      default:
        return this.others[content]!
    }
  }

  private contentOf(event: CustomerEvent): number {
    switch (event.type) {
      case 'purchase.completed':
      case 'purchase.refunded':
      case 'purchase.cancelled':
        return event.amountMinor
      case 'support.ticket_opened':
        return event.complaint ? 1 : 0
      case 'support.ticket_resolved':
        return event.openedAt ?? Number.NaN
      case 'support.ticket_reopened':
      case 'support.ticket_escalated':
      case 'engagement.visited':
      case 'engagement.logged_in':
      case 'engagement.email_opened':
      case 'engagement.email_clicked':
      case 'engagement.feature_used':
        return 0
      default:
        return this.others.push(event) - 1
    }
  }
}
