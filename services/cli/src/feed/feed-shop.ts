import { generateShop, type ShopEvent } from '@holdfast/simulation'
import type { ShopRecord } from './shop-record.ts'

export interface FeedProgress {
  /** Events sent since this process started. */
  readonly sent: number
  /** ms. */
  readonly producedUntil: number
  /** Share of the way from the shop's opening to now. */
  readonly share: number
  /** Whether history is told, and the shop goes with the clock. */
  readonly live: boolean
}

export interface FeedOptions {
  readonly record: ShopRecord
  /** Resolves when the events are safe in the topics. */
  readonly send: (events: readonly ShopEvent[]) => Promise<void>
  readonly save: (record: ShopRecord) => void
  /** Domain time, ms. */
  readonly now: () => number
  /** Resolves at the instant, or early when `signal` is aborted. */
  readonly waitUntil: (at: number, signal: AbortSignal) => Promise<void>
  readonly onProgress: (progress: FeedProgress) => void
  readonly signal: AbortSignal
  /** Events at once. Default 2,000. */
  readonly batch?: number
}

/**
 * Feeds a generated shop from where its record says: what has happened by now as fast as it can be sent, and then every event
 * at its time, until aborted. What was sent but not saved before a crash is sent again; the fold drops it by its id.
 */
export async function feedShop(options: FeedOptions): Promise<void> {
  const { send, save, now, waitUntil, onProgress, signal, batch = 2_000 } = options
  let record = options.record
  let waiting: ShopEvent[] = []
  let sent = 0
  let live = false
  const tell = () => {
    const share = (record.producedUntil - record.from) / Math.max(1, now() - record.from)
    onProgress({ sent, producedUntil: record.producedUntil, share: live ? 1 : Math.min(1, share), live })
  }
  const flush = async () => {
    const last = waiting.at(-1)
    if (last === undefined) return
    await send(waiting)
    sent += waiting.length
    waiting = []
    record = { ...record, producedUntil: last.timeMs }
    save(record)
    tell()
  }
  tell()
  const { seed, customers, from, customersBy, producedUntil: resumeFrom } = record
  const shop = generateShop({ seed, customers, from, customersBy, resumeFrom, until: Number.POSITIVE_INFINITY })
  for (const event of shop.events) {
    if (event.timeMs > now()) {
      await flush()
      if (!live) {
        live = true
        tell()
      }
      await waitUntil(event.timeMs, signal)
    }
    if (signal.aborted) break
    waiting.push(event)
    if (waiting.length >= batch) await flush()
  }
  await flush()
}
