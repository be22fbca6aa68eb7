/** Something that happened, in the order in which this process learned of it. */
export interface Change {
  readonly sequence: number
  readonly type: 'risk_changed' | 'forgotten'
  /** One line of JSON. */
  readonly data: string
}

/** Why a wait is over: there is news, there was none for so long, or nobody waits any more. */
export type Woken = 'news' | 'quiet' | 'aborted'

/**
 * The newest changes, for whoever listens. Every listener reads at their own pace by the number of the last change they saw, so
 * a slow one costs no memory: one who falls further behind than the ring reaches has missed something, and is told so.
 */
export class ChangeRing {
  readonly #slots: Change[] = []
  readonly #listeners = new Set<() => void>()
  #last = 0

  /** @param epoch names this ring among all that ever were: numbers of another one mean nothing here */
  constructor(
    readonly capacity: number,
    readonly epoch: string,
  ) {}

  /** Of the newest change; 0 before the first. */
  get last(): number {
    return this.#last
  }

  push(type: Change['type'], data: string): void {
    this.#last++
    this.#slots[this.#last % this.capacity] = { sequence: this.#last, type, data }
    for (const wake of [...this.#listeners]) wake()
  }

  /** The changes after one that was seen, oldest first; undefined where some of them are forgotten. */
  after(seen: number, limit: number): readonly Change[] | undefined {
    if (seen < this.#last - this.capacity) return undefined
    const changes: Change[] = []
    for (let sequence = seen + 1; sequence <= this.#last && changes.length < limit; sequence++) {
      const change = this.#slots[sequence % this.capacity]
      if (change !== undefined) changes.push(change)
    }
    return changes
  }

  /** Resolves with the next change, after so many ms without one, or when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<Woken> {
    if (signal.aborted) return Promise.resolve('aborted')
    return new Promise((resolve) => {
      const done = (why: Woken) => {
        clearTimeout(timer)
        this.#listeners.delete(onNews)
        signal.removeEventListener('abort', onAbort)
        resolve(why)
      }
      const onNews = () => done('news')
      const onAbort = () => done('aborted')
      const timer = setTimeout(() => done('quiet'), ms)
      this.#listeners.add(onNews)
      signal.addEventListener('abort', onAbort)
    })
  }

  idOf({ sequence }: Change): string {
    return `${this.epoch}-${sequence}`
  }

  /** The change that an id names, if all that came after it is still known. */
  resume(id: string): number | undefined {
    const [, epoch, text] = /^(.+)-(\d{1,15})$/.exec(id) ?? []
    if (epoch !== this.epoch || text === undefined) return undefined
    const sequence = Number(text)
    return sequence <= this.#last && sequence >= this.#last - this.capacity ? sequence : undefined
  }
}
