import { ROLES, type Role } from '@holdfast/core'
import { type LogBounds, metaFields, type ShardBatch, type ShardMeta } from '@holdfast/platform'

/** How a batch fits what was read before. */
export type Fit =
  | { readonly kind: 'fits'; readonly role: Role; readonly from: number }
  /** Something is missing before it: it has to be read again from this offset. */
  | { readonly kind: 'seek'; readonly from: number }

/** How far a lane has read each topic of its shard, and where the log ends as far as it knows. */
export class LaneOffsets {
  private readonly roleOf: ReadonlyMap<string, Role>
  private readonly next: Map<string, number>
  private readonly origins: Map<string, number>
  private readonly ends: Map<string, number>
  /** Topics that were read again from the stored offset: what comes first then is what there is. */
  private readonly soughtAgain = new Set<string>()
  private committed: ReadonlyMap<string, number>

  /** @param logBounds where the log of each topic began and ended when the shard was claimed */
  constructor(topics: Readonly<Record<Role, string>>, claimed: ShardMeta, logBounds: readonly LogBounds[]) {
    this.roleOf = new Map(ROLES.map((role) => [topics[role], role]))
    this.next = new Map(claimed.offsets)
    this.origins = new Map(claimed.origins)
    // Of a log of which nothing was read yet, what was deleted long ago is nothing to read.
    for (const { topic, low } of logBounds) if (!this.next.has(topic)) this.next.set(topic, low)
    this.ends = new Map(logBounds.map(({ topic, high }) => [topic, high]))
    this.committed = new Map(this.next)
  }

  /** Offset of the next record to take of a topic. */
  of(topic: string): number {
    return this.next.get(topic) ?? 0
  }

  /** Highest offset taken from each source partition of re-published records. */
  get takenOrigins(): ReadonlyMap<string, number> {
    return this.origins
  }

  /** Offsets that are committed, by topic. */
  get stored(): ReadonlyMap<string, number> {
    return this.committed
  }

  /** Whether all topics are read to the end that is known: only then a shard decides. */
  isCaughtUp(): boolean {
    for (const topic of this.roleOf.keys()) if (this.of(topic) < (this.ends.get(topic) ?? 0)) return false
    return true
  }

  /** Records between what is committed and the end of the log, as far as it is known, by topic. */
  lag(): ReadonlyMap<string, number> {
    return new Map(
      [...this.roleOf.keys()].map((topic) => [
        topic,
        Math.max(0, (this.ends.get(topic) ?? 0) - (this.committed.get(topic) ?? 0)),
      ]),
    )
  }

  /** Whether a batch follows what was read. Where the log ends is remembered at once: whoever has not read so far must not decide. */
  fit({ topic, firstOffset, expectedOffset, highWatermark }: ShardBatch): Fit {
    const role = this.roleOf.get(topic)
    if (role === undefined) throw new Error(`no role for topic ${topic}`)
    const from = this.of(topic)
    if (firstOffset > from && expectedOffset > from && !this.soughtAgain.has(topic)) {
      this.soughtAgain.add(topic)
      return { kind: 'seek', from }
    }
    this.soughtAgain.delete(topic)
    this.endsAt(topic, highWatermark)
    return { kind: 'fits', role, from }
  }

  /** A batch was taken. */
  take({ topic, lastOffset }: ShardBatch, origins: ReadonlyMap<string, number>): void {
    for (const [key, offset] of origins) this.origins.set(key, offset)
    this.next.set(topic, Math.max(this.of(topic), lastOffset + 1))
  }

  /** Offsets that hold no record for us were passed. Returns whether that is news. */
  skipTo(topic: string, offset: number, end: number): boolean {
    this.endsAt(topic, end)
    if (offset <= this.of(topic)) return false
    this.next.set(topic, offset)
    return true
  }

  /** Fields of meta for a commit of all that was taken, and what to call when it is confirmed. */
  toCommit(): { readonly fields: Readonly<Record<string, string>>; confirmed(): void } {
    const offsets = new Map(this.next)
    return {
      fields: metaFields(offsets, this.origins),
      confirmed: () => {
        this.committed = offsets
      },
    }
  }

  private endsAt(topic: string, end: number): void {
    this.ends.set(topic, Math.max(end, this.ends.get(topic) ?? 0))
  }
}
