import type { CustomerEvent, ProfileUpdated } from '@holdfast/core'
import { PackedEvents } from './packed-events.ts'

/** Events that wait to be folded: they come in the order of the log and are handed out customer by customer. */
export class Unfolded {
  /** In the order of their first events. */
  readonly customers: string[] = []
  /** Those that also change a profile. */
  readonly profileUpdates: ProfileUpdated[] = []
  private readonly placeOf = new Map<string, number>()
  private readonly events = new PackedEvents()

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
    this.events.push(event, place)
    if (event.type === 'profile.updated') this.profileUpdates.push(event)
  }

  /** What came until now: of the customer at a place, the events in the order in which they came; none behind the last place. */
  byCustomer(): (place: number) => readonly CustomerEvent[] {
    const { customers, events } = this
    const { length } = events
    // A counting sort: lists that grow one by one would be larger, and slower to make.
    const starts = new Int32Array(customers.length + 1)
    for (let i = 0; i < length; i++) starts[events.placeAt(i) + 1]!++
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!
    const next = starts.slice()
    const sorted = new Int32Array(length)
    for (let i = 0; i < length; i++) sorted[next[events.placeAt(i)]!++] = i

    return function eventsOf(place) {
      const own: CustomerEvent[] = []
      const id = customers[place]
      if (id === undefined) return own
      for (let k = starts[place]!; k < starts[place + 1]!; k++) own.push(events.at(sorted[k]!, id))
      return own
    }
  }
}
