import type { LogBounds } from '@holdfast/platform'

/** Offsets that a shard must have reached, by topic: `low` is what a topic of which nothing was read begins with. */
export type Reach = ReadonlyMap<string, { readonly low: number; readonly high: number }>

interface Sample {
  readonly takenAt: number
  readonly byPartition: ReadonlyMap<number, Reach>
}

/**
 * Remembers where the log ended at recent instants. A shard is never level with a log that grows, so "not behind" means: it has
 * read all that was there at an instant that is recent enough.
 */
export class LogEnds {
  private samples: Sample[] = []

  /** @param freshWithinMs how long ago that instant may be */
  constructor(private readonly freshWithinMs: number) {}

  /** @param askedAt when the log was asked, so at or before the instant that the answer is of; ms of a clock that does not jump */
  add(askedAt: number, bounds: readonly LogBounds[]): void {
    const byPartition = new Map<number, Map<string, { low: number; high: number }>>()
    for (const { topic, partition, low, high } of bounds) {
      const reach = byPartition.get(partition) ?? new Map<string, { low: number; high: number }>()
      reach.set(topic, { low, high })
      byPartition.set(partition, reach)
    }
    this.samples = [
      ...this.samples.filter(({ takenAt }) => takenAt >= askedAt - this.freshWithinMs),
      { takenAt: askedAt, byPartition },
    ]
  }

  /** What a shard must have read to be fresh enough; undefined while the log's end is not known. */
  reach(partition: number, now: number): Reach | undefined {
    const oldest = this.samples.find(({ takenAt }) => takenAt >= now - this.freshWithinMs)
    return oldest?.byPartition.get(partition)
  }
}

/** Records that a shard has yet to read. Offsets stored of no topic count as none read. */
export function missingRecords(offsets: ReadonlyMap<string, number>, reach: Reach): number {
  let missing = 0
  for (const [topic, { low, high }] of reach) missing += Math.max(0, high - (offsets.get(topic) ?? low))
  return missing
}
