/** Counters of all shards, added up: every one is a sum over customers. */
export type Sums = ReadonlyMap<string, number>

export function addUp(shards: readonly Sums[]): Sums {
  const sums = new Map<string, number>()
  for (const counters of shards) {
    for (const [name, value] of counters) sums.set(name, (sums.get(name) ?? 0) + value)
  }
  return sums
}

export function sumOf(sums: Sums, name: string): number {
  return sums.get(name) ?? 0
}

/** A share or a mean; null where nobody is there to have one. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
