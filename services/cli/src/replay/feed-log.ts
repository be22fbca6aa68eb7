import type { Outgoing } from '../events/outgoing.ts'
import type { TimedEvent } from './read-events.ts'

export interface LogProgress {
  /** Events that are safe in the topics, earlier starts included. */
  readonly sent: number
  readonly total: number
  /** Whether there is nothing left to send. */
  readonly ended: boolean
}

export interface FeedLogOptions {
  /** By time. */
  readonly events: readonly TimedEvent[]
  /** How many of them were sent before. */
  readonly sentBefore: number
  /** Resolves when the events are safe in the topics. */
  readonly send: (events: readonly Outgoing[]) => Promise<void>
  readonly onProgress: (progress: LogProgress) => void
  /** Domain time, ms. */
  readonly now: () => number
  /** Resolves at the instant, or early when `signal` is aborted. */
  readonly waitUntil: (at: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  /** Events at once. Default 2,000. */
  readonly batch?: number
}

/** Sends each event when its time has come, until the log has ended or `signal` is aborted. */
export async function feedLog(options: FeedLogOptions): Promise<void> {
  const { events, send, onProgress, now, waitUntil, signal, batch = 2_000 } = options
  let sent = Math.min(options.sentBefore, events.length)
  const tell = () => onProgress({ sent, total: events.length, ended: sent === events.length })
  tell()
  while (!signal.aborted) {
    const next = events[sent]
    if (next === undefined) return
    if (next.at > now()) {
      await waitUntil(next.at, signal)
      continue
    }
    const at = now()
    const due: Outgoing[] = []
    for (let i = sent; i < events.length && due.length < batch; i++) {
      const candidate = events[i]
      if (candidate === undefined || candidate.at > at) break
      due.push(candidate.event)
    }
    await send(due)
    sent += due.length
    tell()
  }
}
