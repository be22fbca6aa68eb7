/** What came of a group of customers, each held against the horizon that followed an instant. */
export interface Outcomes {
  /** Whose horizon has ended. */
  readonly judged: number
  /** Of these, who bought nothing within it. */
  readonly churned: number
  /** Whose horizon reaches past what is known. */
  readonly notYet: number
}

/** Waits for purchases after instants. One that becomes known late still counts by when it happened. */
export class OpenOutcomes {
  private readonly waiting = new Map<string, number[]>()
  private readonly returned: number[] = []

  constructor(private readonly horizonMs: number) {}

  open(customerId: string, at: number): void {
    const instants = this.waiting.get(customerId)
    if (instants === undefined) this.waiting.set(customerId, [at])
    else instants.push(at)
  }

  bought(customerId: string, time: number): void {
    const instants = this.waiting.get(customerId)
    if (instants === undefined) return
    const rest: number[] = []
    for (const at of instants) (time > at && time <= at + this.horizonMs ? this.returned : rest).push(at)
    if (rest.length === 0) this.waiting.delete(customerId)
    else this.waiting.set(customerId, rest)
  }

  /** An erased customer is heard of no more, which is not churn. */
  forget(customerId: string): void {
    this.waiting.delete(customerId)
  }

  /** @param until the end of what is known, ms: whoever returned counts, too, only if not returning would have. */
  result(until: number): Outcomes {
    const hasEnded = (at: number) => at + this.horizonMs <= until
    const open = [...this.waiting.values()].flat()
    const churned = open.filter(hasEnded).length
    const judged = churned + this.returned.filter(hasEnded).length
    return { judged, churned, notYet: open.length + this.returned.length - judged }
  }
}
