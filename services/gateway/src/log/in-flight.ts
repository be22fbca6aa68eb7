/** Something that takes room until it is let go. */
export interface Hold {
  /** Keeps the room until this settles, too. */
  until(work: Promise<unknown>): void
  /** What was taken for it at first is let go; the last to go frees the room. */
  release(): void
}

/** Bounds how many bytes are in hand, so that a slow broker makes senders wait instead of filling the memory. */
export class InFlight {
  readonly #limit: number
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Undefined when there is no room. An empty house takes even what is larger than itself. */
  hold(bytes: number): Hold | undefined {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) return undefined
    this.#bytes += bytes
    let holders = 1
    const leave = () => {
      holders--
      if (holders === 0) this.#bytes -= bytes
    }
    let isReleased = false
    return {
      until(work) {
        holders++
        work.then(leave, leave)
      },
      release() {
        if (!isReleased) leave()
        isReleased = true
      },
    }
  }
}
