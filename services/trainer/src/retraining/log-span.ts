import { murmur2Partition } from '@holdfast/platform'
import { logEmpty, tellsOfTheShop } from '../dataset/guard.ts'
import type { EventSource } from '../source/event-source.ts'

/** What a log reaches over, and over whom. */
export interface LogSpan {
  /** When its first event became known, ms. */
  readonly firstKnownAt: number
  /** Newest event, by when it happened, ms. */
  readonly lastAt: number
  /** Who ever bought. */
  readonly customers: number
}

/** Reads a log once. @throws HoldfastError LOG_EMPTY where nobody ever bought */
export async function spanOf(source: EventSource): Promise<LogSpan> {
  const customers = new Set<string>()
  let firstKnownAt = Number.POSITIVE_INFINITY
  let lastAt = Number.NEGATIVE_INFINITY
  for await (const event of source) {
    if (event.type === 'purchase.completed') customers.add(event.customerId)
    if (!tellsOfTheShop(event)) continue
    if (event.knownAt < firstKnownAt) firstKnownAt = event.knownAt
    if (event.time > lastAt) lastAt = event.time
  }
  if (customers.size === 0) throw logEmpty(' of a purchase')
  return { firstKnownAt, lastAt, customers: customers.size }
}

/** The events of one customer in so many, always the same ones; all their events, so nothing else about them changes. */
export function someCustomersOf(source: EventSource, oneIn: number): EventSource {
  if (oneIn === 1) return source
  return {
    name: `${source.name}, one customer in ${oneIn}`,
    counts: () => source.counts(),
    async *[Symbol.asyncIterator]() {
      for await (const event of source) {
        if (murmur2Partition(Buffer.from(event.customerId), oneIn) === 0) yield event
      }
    },
  }
}
