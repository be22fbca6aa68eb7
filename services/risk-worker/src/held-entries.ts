import type { OutboxEntry, StoredOutboxEntry, WrittenOutbox } from '@holdfast/platform'

/**
 * Bytes of the commits that wait in memory, each counted until its last entry has been taken. Where there are more, entries are
 * read from Redis when it is their turn.
 */
const MOST_BYTES = 64 * 2 ** 20

/** What one commit wrote, as far as it was not taken yet. */
interface Written {
  readonly bytes: number
  readonly ids: readonly string[]
  readonly entries: Iterator<OutboxEntry, void>
  taken: number
}

/** Entries of an outbox that were handed over by the commits that wrote them, in their order in the stream; packed until their turn. */
export class HeldEntries {
  private commits: Written[] = []
  private bytes = 0
  private waiting = 0

  get length(): number {
    return this.waiting
  }

  /** False where there is no room for them; then none is added. */
  add({ entries, ids }: Pick<WrittenOutbox, 'entries' | 'ids'>): boolean {
    const bytes = entries.bytes.length
    if (this.bytes + bytes > MOST_BYTES) return false
    this.commits.push({ bytes, ids, entries: entries[Symbol.iterator](), taken: 0 })
    this.bytes += bytes
    this.waiting += entries.length
    return true
  }

  /** Removes the first ones, up to so many, and returns them. */
  take(count: number): readonly StoredOutboxEntry[] {
    const taken: StoredOutboxEntry[] = []
    while (taken.length < count && this.commits.length > 0) {
      const first = this.commits[0]!
      const next = first.entries.next()
      if (next.done !== true) {
        const { kind, header, value } = next.value
        taken.push({ id: first.ids[first.taken++]!, kind, header, value })
      }
      if (first.taken === first.ids.length) {
        this.bytes -= first.bytes
        this.commits.shift()
      }
    }
    this.waiting -= taken.length
    return taken
  }

  /** Forgets those up to and with the one of this id. */
  forgetThrough(id: string): void {
    const ids = this.commits.flatMap(({ ids, taken }) => ids.slice(taken))
    const behind = ids.findIndex((each) => isAfter(each, id))
    this.take(behind === -1 ? ids.length : behind)
  }

  clear(): void {
    this.commits = []
    this.bytes = 0
    this.waiting = 0
  }
}

/** Whether an entry stands behind another in the stream; ids are `ms-sequence`. */
function isAfter(id: string, other: string): boolean {
  const [[ms, sequence], [otherMs, otherSequence]] = [id, other].map((text) => text.split('-').map(Number)) as [
    [number, number],
    [number, number],
  ]
  return ms > otherMs || (ms === otherMs && sequence > otherSequence)
}
