import { type Decode, type Decoded, HEADERS } from '@holdfast/contracts'
import type { CustomerEvent, Role } from '@holdfast/core'
import { type KafkaRecord, murmur2Partition, type OutboxEntry, originKey } from '@holdfast/platform'
import { deadLetter, republished } from './outgoing.ts'

/** What became of the records of a batch. */
export interface Intake {
  readonly events: readonly CustomerEvent[]
  /** Dead letters and records for other partitions. */
  readonly outbox: readonly OutboxEntry[]
  /** Highest offset taken of each source partition, by `originKey`: only those that moved. */
  readonly origins: ReadonlyMap<string, number>
  readonly counts: Readonly<Record<IntakeOutcome, number>>
  /** Places of the invalid records in the batch, rising. */
  readonly invalidAt: readonly number[]
}

export type IntakeOutcome = 'event' | 'unknown_type' | 'invalid' | 'republished' | 'already_taken'

export interface IntakeOptions {
  readonly decode: Decode
  /** Partitions of every input topic. */
  readonly partitionCount: number
  /** From the wall clock of a record's timestamp to domain time. */
  readonly domainTime: (wallMs: number) => number
}

/** Where a batch was read, and what is known of the shard there. */
export interface IntakePlace {
  readonly topic: string
  readonly role: Role
  readonly partition: number
  readonly origins: ReadonlyMap<string, number>
}

interface Origin {
  readonly key: string
  readonly offset: number
  readonly timestamp: number
}

/** Turns records into events, and what cannot be one into what must leave: nothing is dropped without a trace. */
export function createIntakeStep({ decode, partitionCount, domainTime }: IntakeOptions) {
  return function intakeStep(records: readonly KafkaRecord[], place: IntakePlace): Intake {
    const events: CustomerEvent[] = []
    const outbox: OutboxEntry[] = []
    const origins = new Map<string, number>()
    const invalidAt: number[] = []
    const counts = { event: 0, unknown_type: 0, invalid: 0, republished: 0, already_taken: 0 }

    for (let i = 0; i < records.length; i++) {
      const record = records[i]!
      const origin = originOf(record)
      if (origin !== undefined) {
        const taken = origins.get(origin.key) ?? place.origins.get(origin.key) ?? -1
        if (origin.offset <= taken) {
          counts.already_taken++
          continue
        }
        origins.set(origin.key, origin.offset)
      }
      const decoded = decode(place.role, record.value, domainTime(origin?.timestamp ?? record.timestamp))
      if (decoded.kind === 'event' && !isAtHome(record, decoded.event, place)) {
        counts.republished++
        outbox.push(republished(record, place, decoded.event.customerId))
      } else {
        settle(decoded, record, i)
      }
    }
    return { events, outbox, origins, counts, invalidAt }

    function settle(decoded: Decoded, record: KafkaRecord, at: number): void {
      if (decoded.kind === 'event') {
        counts.event++
        events.push(decoded.event)
      } else if (decoded.kind === 'unknown_type') {
        counts.unknown_type++
      } else {
        counts.invalid++
        invalidAt.push(at)
        outbox.push(deadLetter(record, place, decoded.reason))
      }
    }
  }

  function isAtHome({ key }: KafkaRecord, { customerId }: CustomerEvent, place: IntakePlace): boolean {
    if (key === null) return false
    const subject = isAsciiOf(key, customerId) ? key : Buffer.from(customerId)
    return murmur2Partition(subject, partitionCount) === place.partition
  }
}

/** Whether bytes are a text in ASCII: nearly every key is its subject, whose bytes then need not be made again. */
function isAsciiOf(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte > 0x7f || byte !== text.charCodeAt(i)) return false
  }
  return true
}

function originOf({ headers }: KafkaRecord): Origin | undefined {
  // Nearly no record has headers, so the common case is one look.
  const topic = headers[HEADERS.originTopic]
  if (topic === undefined) return undefined
  const [partition, offset, timestamp] = [HEADERS.originPartition, HEADERS.originOffset, HEADERS.originTimestamp].map(
    (name) => Number(String(headers[name])),
  )
  if (![partition, offset, timestamp].every(Number.isSafeInteger)) return undefined
  return { key: originKey(String(topic), partition!), offset: offset!, timestamp: timestamp! }
}
