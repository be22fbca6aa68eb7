import { type ApplyMap, type Decode, HEADERS } from '@holdfast/contracts'
import type { OutgoingMessage } from '@holdfast/platform'
import { checkEvent, type Outgoing } from '../events/outgoing.ts'
import { flatten } from '../import/flatten.ts'

/** A record of somebody's topic. */
export interface ForeignRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Wall clock, ms. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** What a record becomes. */
export type Bridged =
  | { readonly kind: 'events'; readonly events: readonly Outgoing[] }
  /** For the dead-letter topic: the original bytes, and why. */
  | { readonly kind: 'dead_letter'; readonly reason: string; readonly message: OutgoingMessage }

/** Makes of a map the function that turns records into events, all or none of a record's. */
export function createBridge({ map, decode }: { map: ApplyMap; decode: Decode }): (record: ForeignRecord) => Bridged {
  function eventsOf(record: ForeignRecord): readonly Outgoing[] | string {
    const { topic, partition, offset, timestamp, key, value } = record
    // A tombstone says that a key is gone; no event can be made of it.
    if (value === null) return []
    let parsed: unknown
    try {
      parsed = JSON.parse(value.toString())
    } catch (error) {
      return `not JSON: ${error instanceof Error ? error.message : String(error)}`
    }
    const row = flatten(parsed)
    if (row === undefined) return 'expected a JSON object'
    const place = { '@topic': topic, '@partition': `${partition}`, '@offset': `${offset}` }
    const mapped = map({ ...row, ...place, '@key': String(key ?? ''), '@timestamp': `${timestamp}` }, offset)
    if (mapped.kind === 'error') return mapped.reason
    const events: Outgoing[] = []
    for (const event of mapped.events) {
      const checked = checkEvent(decode, Buffer.from(JSON.stringify(event)), event.type, timestamp)
      if (checked.kind === 'bad') return `${event.type}: ${checked.reason}`
      events.push(checked.event)
    }
    return events
  }

  return function bridge(record) {
    const events = eventsOf(record)
    if (typeof events !== 'string') return { kind: 'events', events }
    const { topic, partition, offset, timestamp, key, value } = record
    const headers = {
      [HEADERS.reason]: events,
      [HEADERS.originTopic]: topic,
      [HEADERS.originPartition]: String(partition),
      [HEADERS.originOffset]: String(offset),
      [HEADERS.originTimestamp]: String(timestamp),
    }
    return { kind: 'dead_letter', reason: events, message: { key, value, headers } }
  }
}
