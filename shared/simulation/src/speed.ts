import type { ShopEvent } from './event.ts'

export interface ShopSpeed {
  readonly events: number
  /** UTF-8 would be a little more: length of the JSON texts in UTF-16 units. */
  readonly jsonChars: number
  readonly seconds: number
  readonly eventsPerSecond: number
}

/** Takes up to `limit` events off a stream, writes each as JSON and says how fast that went. */
export function shopSpeed(events: Iterable<ShopEvent>, limit = Number.POSITIVE_INFINITY): ShopSpeed {
  const started = performance.now()
  let count = 0
  let jsonChars = 0
  for (const { event } of events) {
    jsonChars += JSON.stringify(event).length
    if (++count >= limit) break
  }
  const seconds = (performance.now() - started) / 1000
  return { events: count, jsonChars, seconds, eventsPerSecond: count / seconds }
}
