import {
  actionEvent,
  encodeEvent,
  episodeId,
  HEADERS,
  type Job,
  type RiskChanged,
  riskChangeEvent,
} from '@holdfast/contracts'
import { ACTION_KINDS, type ActionKind, type Band } from '@holdfast/core'
import type { KafkaRecord, OutboxEntry } from '@holdfast/platform'
import { z } from 'zod'

/**
 * What a shard sends out. Entries are written by the commit and read back by the relay, so both halves of each header's shape
 * stand here.
 */

/** How the worker signs the events that it writes. */
export const SOURCE = '/holdfast/risk-worker'

const NOTHING = Buffer.alloc(0)

/**
 * A record for Kafka: where to, under which key, with which headers. `null` marks what an empty value cannot tell apart.
 * Records of our own that need no more than a customer as key have a shorter header.
 */
export const kafkaHeaderSchema = z.object({
  topic: z.string(),
  /** Base64, because a key may be any bytes. */
  key: z.base64().nullable(),
  isNull: z.boolean(),
  headers: z.record(z.string(), z.string()),
})

const jobHeaderSchema = z.object({ queue: z.enum(ACTION_KINDS), id: z.string() })
export type JobHeader = z.output<typeof jobHeaderSchema>

/** Header of a record under the key of a customer, whose topic follows from its kind; the word is followed by the customer's id. */
const VALUE_OF = 'value-of '
const TOMBSTONE_OF = 'tombstone-of '

/** What the relay sends of an entry for Kafka, beside its value. */
export interface KafkaHeader {
  readonly topic: string
  readonly key: Buffer | string | null
  readonly isNull: boolean
  readonly headers: Readonly<Record<string, string>>
}

const NO_HEADERS = {}

/** @throws ZodError or SyntaxError for a header that none of ours is, nor any of an earlier release. */
export function parseKafkaHeader(header: string): KafkaHeader {
  if (header.startsWith(VALUE_OF)) {
    return { topic: '', key: header.slice(VALUE_OF.length), isNull: false, headers: NO_HEADERS }
  }
  if (header.startsWith(TOMBSTONE_OF)) {
    return { topic: '', key: header.slice(TOMBSTONE_OF.length), isNull: true, headers: NO_HEADERS }
  }
  const { key, ...others } = kafkaHeaderSchema.parse(JSON.parse(header))
  return { ...others, key: key === null ? null : Buffer.from(key, 'base64') }
}

/** @throws ZodError or SyntaxError for a header that none of ours is, nor any of an earlier release. */
export function parseJobHeader(header: string): JobHeader {
  const queue = ACTION_KINDS.find((action) => header.startsWith(action) && header[action.length] === ' ')
  if (queue !== undefined) return { queue, id: header.slice(queue.length + 1) }
  return jobHeaderSchema.parse(JSON.parse(header))
}

interface Place {
  readonly topic: string
  readonly partition: number
}

const origin = (record: KafkaRecord, { topic, partition }: Place): Record<string, string> => ({
  [HEADERS.originTopic]: topic,
  [HEADERS.originPartition]: String(partition),
  [HEADERS.originOffset]: String(record.offset),
  [HEADERS.originTimestamp]: String(record.timestamp),
})

function kafkaEntry(
  kind: OutboxEntry['kind'],
  topic: string,
  key: Buffer | null,
  value: Buffer | null,
  headers: Record<string, string>,
): OutboxEntry {
  const header: z.input<typeof kafkaHeaderSchema> = {
    topic,
    key: key === null ? null : key.toString('base64'),
    isNull: value === null,
    headers,
  }
  return { kind, header: JSON.stringify(header), value: value ?? NOTHING }
}

/** The record's own bytes, with why and whence. The relay knows the topic of dead letters. */
export function deadLetter(record: KafkaRecord, place: Place, reason: string): OutboxEntry {
  return kafkaEntry('dead-letter', '', record.key, record.value, { ...origin(record, place), [HEADERS.reason]: reason })
}

/** The record once more, under the key that it should have had. */
export function republished(record: KafkaRecord, place: Place, customerId: string): OutboxEntry {
  return kafkaEntry('republish', place.topic, Buffer.from(customerId), record.value, origin(record, place))
}

export function riskChanged(change: RiskChanged): OutboxEntry {
  return underCustomer(change.customerId, 'risk-change', riskChangeEvent(change))
}

/** Lets the compacted topic forget an erased customer. */
export function riskForgotten(customerId: string): OutboxEntry {
  return { kind: 'risk-change', header: TOMBSTONE_OF + customerId, value: NOTHING }
}

export interface Episode {
  readonly customerId: string
  readonly band: Band
  readonly enteredAt: number
}

export function decided(episode: Episode, action: ActionKind, at: number): OutboxEntry {
  const event = actionEvent(episode, action, { type: 'action.decided' }, at, SOURCE)
  return underCustomer(episode.customerId, 'action-event', event)
}

export function suppressed(episode: Episode, action: ActionKind, reason: string, at: number): OutboxEntry {
  const event = actionEvent(episode, action, { type: 'action.suppressed', reason }, at, SOURCE)
  return underCustomer(episode.customerId, 'action-event', event)
}

function underCustomer(
  customerId: string,
  kind: OutboxEntry['kind'],
  event: Parameters<typeof encodeEvent>[0],
): OutboxEntry {
  return { kind, header: VALUE_OF + customerId, value: encodeEvent(event) }
}

/** A job for the queue of its action, under the id of its episode. */
export function queued(job: Omit<Job, 'episodeId'>): OutboxEntry {
  const id = episodeId(job.customerId, job.band, job.enteredAt)
  return { kind: 'job', header: `${job.action} ${id}`, value: Buffer.from(JSON.stringify({ episodeId: id, ...job })) }
}
