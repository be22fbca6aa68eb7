import { type CustomerEvent, type EventType, ROLE_OF_TYPE } from '@holdfast/core'

const TYPES = Object.keys(ROLE_OF_TYPE) as readonly EventType[]
const CODES = new Map(TYPES.map((type, code) => [type, code]))

/** Numbers of an event: the code of its type, the place of its customer, time, knownAt, idHash, and its content. */
const WIDTH = 6
const FIRST_CAPACITY = 64

/**
 * A list of events, each a row of numbers. Of the hundreds of thousands that wait behind on the log each object would be
 * copied by the collections of garbage that it outlives; bytes outside the heap are not.
 */
export class PackedEvents {
  length = 0
  private numbers = new Float64Array(FIRST_CAPACITY * WIDTH)
  /** Events of the rarer types, as they came. */
  private readonly others: CustomerEvent[] = []

  /** @param place of the event's customer, in the caller's list of them */
  push(event: CustomerEvent, place: number): void {
    const at = this.length * WIDTH
    if (at === this.numbers.length) this.grow()
    const { numbers } = this
    numbers[at] = CODES.get(event.type)!
    numbers[at + 1] = place
    numbers[at + 2] = event.time
    numbers[at + 3] = event.knownAt
    numbers[at + 4] = event.idHash
    numbers[at + 5] = this.contentOf(event)
    this.length++
  }

  placeAt(i: number): number {
    return this.numbers[i * WIDTH + 1]!
  }

  /** The i-th event, whose customer's id the caller knows. */
  at(i: number, customerId: string): CustomerEvent {
    const { numbers } = this
    const at = i * WIDTH
    const type = TYPES[numbers[at]!]!
    const time = numbers[at + 2]!
    const knownAt = numbers[at + 3]!
    const idHash = numbers[at + 4]!
    const content = numbers[at + 5]!
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

  /** What an event says beside type, customer and times, where one number says it; else its place in `others`. */
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

  private grow(): void {
    const larger = new Float64Array(this.numbers.length * 2)
    larger.set(this.numbers)
    this.numbers = larger
  }
}
