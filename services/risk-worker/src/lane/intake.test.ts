import { createDecoder, HEADERS } from '@holdfast/contracts'
import { type KafkaRecord, murmur2Partition, originKey } from '@holdfast/platform'
import { aPurchase, aVisit } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { createIntakeStep, type IntakePlace } from './intake.ts'
import { kafkaHeaderSchema } from './outgoing.ts'

const PARTITIONS = 4
const TIMESTAMP = Date.UTC(2026, 5, 1)
const intake = createIntakeStep({
  decode: createDecoder({ base: 'EUR' }),
  partitionCount: PARTITIONS,
  domainTime: (wallMs) => wallMs,
})

const homeOf = (customerId: string) => murmur2Partition(Buffer.from(customerId), PARTITIONS)
const customer = 'cust-1'
const home = homeOf(customer)
const elsewhere = (home + 1) % PARTITIONS

function place(more: Partial<IntakePlace> = {}): IntakePlace {
  return {
    topic: 'purchases',
    role: 'purchases',
    partition: home,
    origins: new Map(),
    ...more,
  }
}

function record(value: Buffer | string | null, more: Partial<KafkaRecord> = {}): KafkaRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return { offset: 7, key: Buffer.from(customer), value: bytes, timestamp: TIMESTAMP, headers: {}, ...more }
}

const good = (more: Partial<KafkaRecord> = {}) => record(aPurchase({ customerId: customer }).json, more)

const copyOf = (offset: number, partition = 0, more: Partial<KafkaRecord> = {}) =>
  good({
    headers: {
      [HEADERS.originTopic]: Buffer.from('purchases'),
      [HEADERS.originPartition]: Buffer.from(String(partition)),
      [HEADERS.originOffset]: Buffer.from(String(offset)),
      [HEADERS.originTimestamp]: Buffer.from(String(TIMESTAMP)),
    },
    ...more,
  })

const headerOf = (entry: { header: string } | undefined) => kafkaHeaderSchema.parse(JSON.parse(entry?.header ?? ''))

test('a good record at home is an event', () => {
  const { json, event } = aPurchase({ customerId: customer })
  expect(intake([record(json)], place())).toEqual({
    events: [event],
    outbox: [],
    origins: new Map(),
    invalidAt: [],
    counts: { event: 1, unknown_type: 0, invalid: 0, republished: 0, already_taken: 0 },
  })
})

describe('what leaves again', () => {
  test('an invalid record: its own bytes, key and origin, and why', () => {
    const value = Buffer.from([0, 1, 2, 255])
    const { outbox, events, counts, invalidAt } = intake(
      [good(), record(value, { offset: 12 }), good(), record(null, { offset: 14, key: null })],
      place(),
    )
    expect([events.length, counts.invalid, invalidAt]).toEqual([2, 2, [1, 3]])
    expect(outbox.map(({ kind }) => kind)).toEqual(['dead-letter', 'dead-letter'])
    expect(Buffer.from(outbox[0]!.value)).toEqual(value)
    expect(headerOf(outbox[0])).toEqual({
      topic: '',
      key: Buffer.from(customer).toString('base64'),
      isNull: false,
      headers: {
        [HEADERS.reason]: 'not UTF-8',
        [HEADERS.originTopic]: 'purchases',
        [HEADERS.originPartition]: String(home),
        [HEADERS.originOffset]: '12',
        [HEADERS.originTimestamp]: String(TIMESTAMP),
      },
    })
    expect(headerOf(outbox[1])).toMatchObject({ key: null, isNull: true })
  })

  test.each([
    ['no key', good({ key: null }), home],
    ['the wrong partition', good(), elsewhere],
    ['no key and the wrong partition', good({ key: null }), elsewhere],
  ] as const)('%s: once more, under the customer’s key', (_what, given, partition) => {
    const { outbox, events, counts } = intake([given], place({ partition }))
    expect([events.length, counts.republished]).toEqual([0, 1])
    expect(outbox[0]).toMatchObject({ kind: 'republish', value: given.value })
    expect(headerOf(outbox[0])).toMatchObject({
      topic: 'purchases',
      key: Buffer.from(customer).toString('base64'),
      headers: { [HEADERS.originPartition]: String(partition), [HEADERS.originOffset]: '7' },
    })
  })
})

test('an unknown type is skipped, even on the wrong partition; a known one of another topic is invalid', () => {
  const unknown = record(JSON.stringify({ type: 'com.example.other' }))
  const { counts, outbox } = intake([unknown, unknown], place({ partition: elsewhere }))
  expect([counts.unknown_type, outbox]).toEqual([2, []])
  const { counts: others } = intake([record(aVisit({ customerId: customer }).json)], place())
  expect(others.invalid).toBe(1)
})

describe('copies', () => {
  const key = originKey('purchases', 0)

  test('a copy is taken once, within a batch and against what the shard has taken before', () => {
    const { counts, origins } = intake([copyOf(5), copyOf(5), copyOf(4), copyOf(6)], place())
    expect(counts).toMatchObject({ event: 2, already_taken: 2 })
    expect(origins).toEqual(new Map([[key, 6]]))
    const again = intake([copyOf(5), copyOf(6), copyOf(7)], place({ origins }))
    expect(again.counts).toMatchObject({ event: 1, already_taken: 2 })
    expect(again.origins).toEqual(new Map([[key, 7]]))
    expect(origins).toEqual(new Map([[key, 6]]))
  })

  test('source partitions are counted apart', () => {
    const { counts } = intake([copyOf(5, 0), copyOf(5, 1), copyOf(4, 2)], place())
    expect(counts).toMatchObject({ event: 3, already_taken: 0 })
  })

  test('“in the future” is measured at the original’s timestamp', () => {
    const day = 86_400_000
    const value = Buffer.from(aPurchase({ customerId: customer, time: TIMESTAMP + day }).json)
    const late = { timestamp: TIMESTAMP + 2 * day, value }
    expect(intake([copyOf(5, 0, late)], place()).counts.invalid).toBe(1)
    expect(intake([good(late)], place()).counts.event).toBe(1)
  })

  test('headers that are no origin are somebody else’s', () => {
    const { counts } = intake(
      [good({ headers: { [HEADERS.originTopic]: 'purchases', [HEADERS.originOffset]: 'x' } })],
      place({ origins: new Map([[key, 100]]) }),
    )
    expect(counts).toMatchObject({ event: 1, already_taken: 0 })
  })
})
