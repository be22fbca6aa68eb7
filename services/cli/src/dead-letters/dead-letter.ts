import { HEADERS } from '@holdfast/contracts'
import type { LoggedRecord } from '../log/read-log.ts'

/** A record that the pipeline put aside, and where it stood. */
export interface DeadLetter {
  readonly reason: string
  /** `topic/partition/offset` of the original record: names the dead letter. */
  readonly origin: string
  readonly topic: string
  /** Of the original record, wall clock, ms. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export function deadLetterOf({ headers, key, value, timestamp, ...place }: LoggedRecord): DeadLetter {
  // Somebody else may write to the topic as well: such a record names itself.
  const topic = headers[HEADERS.originTopic] ?? place.topic
  const partition = headers[HEADERS.originPartition] ?? place.partition
  const offset = headers[HEADERS.originOffset] ?? place.offset
  return {
    reason: headers[HEADERS.reason] ?? 'no reason given',
    origin: `${topic}/${partition}/${offset}`,
    topic,
    timestamp: Number(headers[HEADERS.originTimestamp] ?? timestamp),
    key,
    value,
  }
}

/** A dead letter as JSON; bytes that are no text are given in base64. */
export function deadLetterJson({ key, value, timestamp, ...rest }: DeadLetter) {
  return { ...rest, timestamp: new Date(timestamp).toISOString(), key: readable(key), value: readable(value) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Bytes as a person can read them. */
export function readable(bytes: Buffer | null): string | null {
  if (bytes === null) return null
  try {
    return utf8.decode(bytes)
  } catch {
    return `base64:${bytes.toString('base64')}`
  }
}

/** How many there are of each kind of reason, most frequent first. What was found in the single record is left out of the kind. */
export function countReasons(letters: readonly DeadLetter[]): [reason: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { reason } of letters) counts.set(kindOf(reason), (counts.get(kindOf(reason)) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
}

export function kindOf(reason: string): string {
  return reason
    .replace(/^not JSON: .*/s, 'not JSON')
    .replace(/, got .*/s, '')
    .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replace(/\d{4}-\d{2}-\d{2}T\S*/g, '…')
}

/** Cuts a text to one line of at most `most` signs. */
export function oneLine(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`
}
