import type { Decode, Decoded, TopicNames } from '@holdfast/contracts'
import { type EventType, ROLE_OF_TYPE, type Role } from '@holdfast/core'
import type { EventProducer, OutgoingMessage } from '@holdfast/platform'

/** An event that the pipeline will take, and the topic's role that it goes to. */
export interface Outgoing {
  readonly role: Role
  readonly type: EventType
  readonly customerId: string
  readonly value: Buffer
}

/** One that was held against the contract. */
export interface CheckedEvent extends Outgoing {
  /** When it happened, ms. */
  readonly at: number
}

export type Checked =
  | { readonly kind: 'good'; readonly event: CheckedEvent }
  | { readonly kind: 'bad'; readonly reason: string }

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(ROLE_OF_TYPE, type)
}

/** Holds a CloudEvent, as bytes, against the contract before anybody else has to; bytes that are good leave as they came. */
export function checkEvent(decode: Decode, value: Buffer, type: string, now: number): Checked {
  if (!isEventType(type)) {
    return { kind: 'bad', reason: `type: ${JSON.stringify(type)} is none of ${Object.keys(ROLE_OF_TYPE).join(', ')}` }
  }
  const role = ROLE_OF_TYPE[type]
  const decoded: Decoded = decode(role, value, now)
  if (decoded.kind !== 'event') {
    return { kind: 'bad', reason: decoded.kind === 'invalid' ? decoded.reason : `unknown type ${decoded.type}` }
  }
  const { customerId, time } = decoded.event
  return { kind: 'good', event: { role, type, customerId, value, at: time } }
}

/** How many events travel at once: one acknowledgement of all replicas for each batch. */
const BATCH = 4_000

/** Sends events in order, a batch at a time; `end` sends the rest. */
export interface Sender {
  /** Resolves when there is room for more. */
  push(event: Outgoing): Promise<void>
  end(): Promise<void>
}

/** Keyed by customer, so that the producer's murmur2 partitioner brings each to its shard. */
export function createSender(
  producer: Pick<EventProducer, 'sendBatch'>,
  topics: TopicNames,
  batchSize = BATCH,
): Sender {
  let waiting: Outgoing[] = []
  async function flush(): Promise<void> {
    const batch = waiting
    waiting = []
    if (batch.length > 0) await producer.sendBatch(messagesByTopic(batch, topics))
  }
  return {
    async push(event) {
      waiting.push(event)
      if (waiting.length >= batchSize) await flush()
    },
    end: flush,
  }
}

export function messagesByTopic(events: readonly Outgoing[], topics: TopicNames) {
  const byTopic = new Map<string, OutgoingMessage[]>()
  for (const { role, customerId, value } of events) {
    const topic = topics[role]
    const messages = byTopic.get(topic) ?? []
    if (messages.length === 0) byTopic.set(topic, messages)
    messages.push({ key: customerId, value })
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }))
}
