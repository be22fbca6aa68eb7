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

const NOTHING = new Uint8Array(0)
const utf8 = new TextEncoder()

/** A record for Kafka: where to, under which key, with which headers. `null` marks what an empty value cannot tell apart. */
export const kafkaHeaderSchema = z.object({
  topic: z.string(),
  /** Base64, because a key may be any bytes. */
  key: z.base64().nullable(),
  isNull: z.boolean(),
  headers: z.record(z.string(), z.string()),
})

export const jobHeaderSchema = z.object({ queue: z.enum(ACTION_KINDS), id: z.string() })

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
  value: Uint8Array | null,
  headers: Record<string, string> = {},
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
  return kafkaEntry('risk-change', '', Buffer.from(change.customerId), encodeEvent(riskChangeEvent(change)))
}

/** Lets the compacted topic forget an erased customer. */
export function riskForgotten(customerId: string): OutboxEntry {
  return kafkaEntry('risk-change', '', Buffer.from(customerId), null)
}

export interface Episode {
  readonly customerId: string
  readonly band: Band
  readonly enteredAt: number
}

export function decided(episode: Episode, action: ActionKind, at: number): OutboxEntry {
  const event = actionEvent(episode, action, { type: 'action.decided' }, at, SOURCE)
  return kafkaEntry('action-event', '', Buffer.from(episode.customerId), encodeEvent(event))
}

export function suppressed(episode: Episode, action: ActionKind, reason: string, at: number): OutboxEntry {
  const event = actionEvent(episode, action, { type: 'action.suppressed', reason }, at, SOURCE)
  return kafkaEntry('action-event', '', Buffer.from(episode.customerId), encodeEvent(event))
}

/** A job for the queue of its action, under the id of its episode. */
export function queued(job: Omit<Job, 'episodeId'>): OutboxEntry {
  const id = episodeId(job.customerId, job.band, job.enteredAt)
  const header: z.input<typeof jobHeaderSchema> = { queue: job.action, id }
  return { kind: 'job', header: JSON.stringify(header), value: utf8.encode(JSON.stringify({ ...job, episodeId: id })) }
}
