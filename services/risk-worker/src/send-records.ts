import { HEADERS } from '@holdfast/contracts'
import type { EventProducer, OutboxKind, OutgoingMessage, TopicMessages } from '@holdfast/platform'

/** A record on its way out of the outbox. */
export interface OutgoingRecord {
  readonly kind: OutboxKind
  readonly topic: string
  readonly message: OutgoingMessage
}

/**
 * Bytes sent to a topic in one request. They may all be for one partition, and then travel as one batch, whose size brokers
 * limit like that of a single record: 1 MiB where nobody has said otherwise.
 */
const MOST_BYTES = 786_432
/** Records sent in one request: kafkajs copies a partition's list for each record that it adds to it. */
const MOST_RECORDS = 200
/** Of a record, beside key, value and headers. */
const RECORD_OVERHEAD_BYTES = 64

/**
 * Sends records in their order, in requests that a broker takes. One that grew too large for its topic when it got key and
 * origin leaves as a dead letter, so that it does not hold up for ever what comes behind it.
 */
export async function sendRecords(
  producer: EventProducer,
  records: readonly OutgoingRecord[],
  deadLetters: string,
): Promise<void> {
  for (const portion of portions(records)) {
    try {
      await producer.sendBatch(byTopic(portion))
    } catch (thrown) {
      if (!isTooLarge(thrown)) throw thrown
      for (const record of portion) await sendOne(producer, record, deadLetters)
    }
  }
}

async function sendOne(producer: EventProducer, record: OutgoingRecord, deadLetters: string): Promise<void> {
  try {
    await producer.sendBatch(byTopic([record]))
  } catch (thrown) {
    if (record.kind !== 'republish' || !isTooLarge(thrown)) throw thrown
    await producer.sendBatch(byTopic([asDeadLetter(record, deadLetters)]))
  }
}

function asDeadLetter({ topic, message }: OutgoingRecord, deadLetters: string): OutgoingRecord {
  const reason = `too large to be sent to its own partition under its key (max.message.bytes of ${topic}): send it with the customer id as key, or raise the limit`
  return {
    kind: 'dead-letter',
    topic: deadLetters,
    message: { ...message, headers: { ...message.headers, [HEADERS.reason]: reason } },
  }
}

function* portions(records: readonly OutgoingRecord[]): Generator<readonly OutgoingRecord[]> {
  let portion: OutgoingRecord[] = []
  let bytes = new Map<string, number>()
  for (const record of records) {
    const size = bytesOf(record.message)
    const sum = bytes.get(record.topic) ?? 0
    if ((sum > 0 && sum + size > MOST_BYTES) || portion.length === MOST_RECORDS) {
      yield portion
      portion = []
      bytes = new Map()
    }
    portion.push(record)
    bytes.set(record.topic, (bytes.get(record.topic) ?? 0) + size)
  }
  if (portion.length > 0) yield portion
}

function byTopic(records: readonly OutgoingRecord[]): TopicMessages[] {
  const lists = new Map<string, OutgoingMessage[]>()
  for (const { topic, message } of records) {
    const list = lists.get(topic)
    if (list === undefined) lists.set(topic, [message])
    else list.push(message)
  }
  return [...lists].map(([topic, messages]) => ({ topic, messages }))
}

function bytesOf({ key, value, headers = {} }: OutgoingMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + byteLength(key) + byteLength(value)
  for (const name in headers) bytes += byteLength(name) + byteLength(headers[name] ?? null)
  return bytes
}

function byteLength(content: Buffer | string | null): number {
  return content === null ? 0 : Buffer.byteLength(content)
}

/** What a broker answers to a record, or to a batch of them, that is larger than a topic takes; kafkajs may wrap it. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

function isTooLarge(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  return ('type' in thrown && TOO_LARGE.has(String(thrown.type))) || isTooLarge(thrown.cause)
}
