import type { StoredOutboxEntry } from '@holdfast/platform'

/** Bytes of the entries that wait in memory for their turn; where there are more, they are read from Redis when it comes. */
const MOST_BYTES = 64 * 2 ** 20
/** Of an entry, beside header and value. */
const OVERHEAD_BYTES = 256

/** Entries of an outbox that were handed over by the commits that wrote them, in their order in the stream. */
export class HeldEntries {
  private entries: StoredOutboxEntry[] = []
  private bytes = 0

  get length(): number {
    return this.entries.length
  }

  /** False where there is no room for them; then none is added. */
  add(entries: readonly StoredOutboxEntry[]): boolean {
    const bytes = sizeOf(entries)
    if (this.bytes + bytes > MOST_BYTES) return false
    for (const entry of entries) this.entries.push(entry)
    this.bytes += bytes
    return true
  }

  /** Removes the first ones, up to so many, and returns them. */
  take(count: number): readonly StoredOutboxEntry[] {
    const taken = this.entries.splice(0, count)
    this.bytes -= sizeOf(taken)
    return taken
  }

  /** Forgets those up to and with the one of this id. */
  forgetThrough(id: string): void {
    const behind = this.entries.findIndex((entry) => isAfter(entry.id, id))
    this.take(behind === -1 ? this.entries.length : behind)
  }

  clear(): void {
    this.take(this.entries.length)
  }
}

function sizeOf(entries: readonly StoredOutboxEntry[]): number {
  let bytes = 0
  for (const { header, value } of entries) bytes += OVERHEAD_BYTES + header.length + value.length
  return bytes
}

/** Whether an entry stands behind another in the stream; ids are `ms-sequence`. */
function isAfter(id: string, other: string): boolean {
  const [[ms, sequence], [otherMs, otherSequence]] = [id, other].map((text) => text.split('-').map(Number)) as [
    [number, number],
    [number, number],
  ]
  return ms > otherMs || (ms === otherMs && sequence > otherSequence)
}
