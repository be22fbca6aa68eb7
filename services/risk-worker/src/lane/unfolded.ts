import type { CustomerEvent, ProfileUpdated } from '@holdfast/core'

/** Events that wait to be folded: they come in the order of the log and are handed out customer by customer. */
export class Unfolded {
  /** In the order of their first events. */
  readonly customers: string[] = []
  /** Those that also change a profile. */
  readonly profileUpdates: ProfileUpdated[] = []
  private readonly placeOf = new Map<string, number>()
  private readonly events: CustomerEvent[] = []
  /** Of each event, the place of its customer. */
  private readonly places: number[] = []

  get size(): number {
    return this.events.length
  }

  add(event: CustomerEvent): void {
    const { customerId } = event
    let place = this.placeOf.get(customerId)
    if (place === undefined) {
      place = this.customers.length
      this.customers.push(customerId)
      this.placeOf.set(customerId, place)
    }
    this.events.push(event)
    this.places.push(place)
    if (event.type === 'profile.updated') this.profileUpdates.push(event)
  }

  /** Of each customer, the events in the order in which they came. */
  byCustomer(): readonly (readonly CustomerEvent[])[] {
    // A counting sort: lists that grow one by one would be larger, and slower to make.
    const starts = new Int32Array(this.customers.length + 1)
    for (const place of this.places) starts[place + 1]!++
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!
    const next = starts.slice()
    const sorted = new Array<CustomerEvent>(this.events.length)
    for (let i = 0; i < this.events.length; i++) sorted[next[this.places[i]!]!++] = this.events[i]!
    return this.customers.map((_, place) => sorted.slice(starts[place], starts[place + 1]))
  }
}
