import type { Decoded } from '@holdfast/contracts'
import type { CustomerEvent } from '@holdfast/core'
import { HoldfastError } from '@holdfast/platform'
import { GENERATED_SHOP } from '@holdfast/simulation'
import { endOfDay, tellsOfTheShop } from '../dataset/guard.ts'
import type { SourceCounts } from './event-source.ts'

const GENERATED = Buffer.from(`"${GENERATED_SHOP}:`)

/** Counts what records turn out to be, and lets events through. */
export interface Counting {
  /** @param where for people, such as a line; only asked for where something is wrong */
  take(decoded: Decoded, value: Uint8Array | null, where: () => string): CustomerEvent | undefined
  counts(): SourceCounts
}

export function createCounting(): Counting {
  let events = 0
  let skipped = 0
  let invalid = 0
  let generated = 0
  let firstInvalid: string | undefined
  let firstAt = Number.POSITIVE_INFINITY
  let lastAt = Number.NEGATIVE_INFINITY
  return {
    take(decoded, value, where) {
      if (decoded.kind === 'event') {
        const { event } = decoded
        events++
        if (tellsOfTheShop(event)) {
          if (event.time < firstAt) firstAt = event.time
          if (event.time > lastAt) lastAt = event.time
        }
        if (value !== null && bufferOf(value).includes(GENERATED)) generated++
        return event
      }
      if (decoded.kind === 'unknown_type') skipped++
      else {
        invalid++
        firstInvalid ??= `${where()}: ${decoded.reason}`
      }
      return undefined
    },
    counts: () => ({
      events,
      skipped,
      invalid,
      firstInvalid,
      generated,
      firstAt: lastAt < firstAt ? undefined : firstAt,
      lastAt: lastAt < firstAt ? undefined : lastAt,
      end: lastAt < firstAt ? undefined : endOfDay(lastAt),
    }),
  }
}

/**
 * A log of which most is no event is the wrong log.
 * @throws HoldfastError LOG_INVALID
 */
export function requireMostlyEvents(name: string, { events, invalid, firstInvalid }: SourceCounts): void {
  if (invalid <= events) return
  throw new HoldfastError({
    code: 'LOG_INVALID',
    message: `${name}: ${invalid} of ${events + invalid} records are no events, the first ${firstInvalid}`,
    cure: 'events are CloudEvents, one JSON object a line; other shapes become events with "npx holdfast import".',
  })
}

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
