import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { type Logger, Problem, whenOver } from '@holdfast/platform'
import { changeStream } from './change-stream.ts'
import type { ChangeRing } from './ring.ts'

export interface ChangeStreamsOptions {
  readonly ring: ChangeRing
  readonly log: Logger
  /** Streams at once. */
  readonly most: number
  /** Default 15,000. */
  readonly heartbeatMs?: number
  /** How long a connection may take nothing, ms. Default 60,000. */
  readonly stalledMs?: number
  /** How long a stream may take to end when all are stopped, ms. Default 1,000. */
  readonly graceMs?: number
  readonly onDropped: (reason: 'overtaken' | 'stalled') => void
}

/** All streams of this process. */
export class ChangeStreams {
  readonly #stopping = new AbortController()
  /** Each with what resolves when it is over. */
  readonly #open = new Map<ServerResponse, Promise<void>>()

  constructor(private readonly options: ChangeStreamsOptions) {}

  get open(): number {
    return this.#open.size
  }

  /**
   * The events for one connection; it ends with the connection, and with `stop`.
   * @throws Problem 503 where there are as many as there may be
   */
  connect(response: ServerResponse, lastEventId: string | undefined): Readable {
    const { ring, most, heartbeatMs = 15_000, stalledMs = 60_000, onDropped, log } = this.options
    if (this.#open.size >= most || this.#stopping.signal.aborted) throw tooMany(most)
    const closed = new AbortController()
    const signal = AbortSignal.any([closed.signal, this.#stopping.signal])
    const onOvertaken = () => {
      log.warn('a listener to changes was slower than they came and was dropped')
      onDropped('overtaken')
    }
    let end = () => {}
    this.#open.set(response, new Promise((resolve) => (end = resolve)))
    let movedAt = performance.now()
    const watch = setInterval(() => {
      if (!response.writableNeedDrain) movedAt = performance.now()
      else if (performance.now() - movedAt > stalledMs) {
        log.warn({ stalledMs }, 'a listener to changes took nothing and was dropped')
        onDropped('stalled')
        response.destroy()
      }
    }, stalledMs / 4)
    whenOver(response, () => {
      clearInterval(watch)
      closed.abort()
      this.#open.delete(response)
      end()
    })
    // A chunk may hold a hundred changes; one in waiting is enough.
    return Readable.from(changeStream(ring, { lastEventId, heartbeatMs, signal, onOvertaken }), { highWaterMark: 1 })
  }

  /** Ends every stream, and takes no new ones. Who does not take the good-bye in time is cut off. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const { graceMs = 1_000 } = this.options
    const late = setTimeout(() => {
      for (const response of this.#open.keys()) response.destroy()
    }, graceMs)
    await Promise.all(this.#open.values())
    clearTimeout(late)
  }
}

function tooMany(most: number): Problem {
  return new Problem({
    status: 503,
    kind: 'too-many-streams',
    detail: `this server has ${most} streams open, or is about to stop; come back later.`,
    retryAfterSeconds: 5,
  })
}
