import type { WrittenAt } from './topic-lane.ts'

export interface Write {
  readonly at: Promise<WrittenAt>
  /** The event was in the log already, or on its way there. */
  readonly isDuplicate: boolean
}

/**
 * Knows again an event that is sent a second time, so that a sender who lost our answer may simply send again.
 *
 * What is promised: of one gateway process, an event that is among the newest so many written, or on its way, is not written
 * again; the second sender waits for the first's write and gets its place. An event is remembered only once all replicas in sync have
 * it, so none is ever taken for a duplicate of what was not written: where the first write fails, both senders are told, and
 * the next one writes.
 *
 * What is not: after a restart, beyond that number, or through another gateway process the event is written again, and the fold
 * drops it by the ring of (source, id) in the customer's state.
 */
export class RecentlyWritten {
  readonly #capacity: number
  readonly #written = new Map<string, WrittenAt>()
  readonly #onTheirWay = new Map<string, Promise<WrittenAt>>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  once(identity: string, write: () => Promise<WrittenAt>): Write {
    const at = this.#written.get(identity)
    if (at !== undefined) return { at: Promise.resolve(at), isDuplicate: true }
    const onItsWay = this.#onTheirWay.get(identity)
    if (onItsWay !== undefined) return { at: onItsWay, isDuplicate: true }
    const writing = write()
    this.#onTheirWay.set(identity, writing)
    const settled = () => this.#onTheirWay.delete(identity)
    writing.then((place) => {
      settled()
      this.#remember(identity, place)
    }, settled)
    return { at: writing, isDuplicate: false }
  }

  #remember(identity: string, at: WrittenAt): void {
    this.#written.set(identity, at)
    if (this.#written.size <= this.#capacity) return
    // A Map keeps its keys in the order of their coming.
    const oldest = this.#written.keys().next()
    if (!oldest.done) this.#written.delete(oldest.value)
  }
}
