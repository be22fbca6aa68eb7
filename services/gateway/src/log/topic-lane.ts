/** Where a record came to lie. */
export interface WrittenAt {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface LogRecord {
  readonly key: string
  readonly value: Buffer
  /** Wall clock, ms. */
  readonly timestamp: number
}

export interface TopicLaneOptions {
  /** Resolves when every replica in sync has all of them, with the place of each. */
  readonly send: (records: readonly LogRecord[]) => Promise<readonly WrittenAt[]>
  readonly lingerMs: number
  /** Of one send: a partition's share of it is one batch, which must be no larger than the topic takes. */
  readonly maxSendBytes: number
  /** Sends under way at the same time; what comes meanwhile goes together with the next. */
  readonly maxSends: number
}

interface Waiting {
  readonly record: LogRecord
  readonly resolve: (at: WrittenAt) => void
  readonly reject: (error: unknown) => void
}

/** The frame of a record, generously. */
const RECORD_OVERHEAD_BYTES = 64

/**
 * Gathers what many requests write to one topic into few sends: a broker answers some thousand of them a second, whatever is in
 * them. A lane of its own for each topic, so that one that cannot be written to holds up no other.
 */
export class TopicLane {
  readonly #options: TopicLaneOptions
  readonly #underWay = new Set<Promise<void>>()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: TopicLaneOptions) {
    this.#options = options
  }

  /** Resolves when the record is in the log for good. On failure it may be there all the same. */
  write(record: LogRecord): Promise<WrittenAt> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      this.#waitingBytes += bytesOf(record)
      this.#schedule()
    })
  }

  /** Resolves when nothing is waiting or under way. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay.size > 0) {
      this.#sendNow()
      await Promise.race(this.#underWay)
    }
  }

  #schedule(): void {
    if (this.#waiting.length === 0 || this.#underWay.size >= this.#options.maxSends) return
    if (this.#waitingBytes >= this.#options.maxSendBytes) this.#sendNow()
    else this.#timer ??= setTimeout(() => this.#sendNow(), this.#options.lingerMs)
  }

  #sendNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.length === 0 || this.#underWay.size >= this.#options.maxSends) return
    const batch = this.#take()
    const sending = this.#send(batch).finally(() => {
      this.#underWay.delete(sending)
      this.#schedule()
    })
    this.#underWay.add(sending)
    this.#schedule()
  }

  #take(): readonly Waiting[] {
    let bytes = 0
    let count = 0
    for (const { record } of this.#waiting) {
      const more = bytesOf(record)
      if (count > 0 && bytes + more > this.#options.maxSendBytes) break
      bytes += more
      count++
    }
    this.#waitingBytes -= bytes
    const batch = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return batch
  }

  /** Never throws: each writer is told. */
  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      const places = await this.#options.send(batch.map(({ record }) => record))
      batch.forEach(({ resolve, reject }, i) => {
        const place = places[i]
        if (place === undefined) reject(new Error('the send did not say where a record is'))
        else resolve(place)
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

function bytesOf({ key, value }: LogRecord): number {
  return value.length + Buffer.byteLength(key) + RECORD_OVERHEAD_BYTES
}
