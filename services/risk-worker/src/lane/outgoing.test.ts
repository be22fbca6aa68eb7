import { jobSchema, parseEpisodeId, riskChangeSchema } from '@holdfast/contracts'
import type { KafkaRecord } from '@holdfast/platform'
import { expect, test } from 'vitest'
import {
  deadLetter,
  decided,
  parseJobHeader,
  parseKafkaHeader,
  queued,
  republished,
  riskChanged,
  riskForgotten,
  SOURCE,
  suppressed,
} from './outgoing.ts'

const AT = Date.UTC(2026, 5, 2)
const ENTERED = Date.UTC(2026, 5, 1)
const customerId = 'كريم/👩‍👧:{1}'
const episode = { customerId, band: 'at_risk', enteredAt: ENTERED } as const
const place = { topic: 'purchases', partition: 3 }
const headerOf = ({ header }: { header: string }) => parseKafkaHeader(header)
const bytesOf = ({ value }: { value: Uint8Array }) => Buffer.from(value)
const jsonOf = (entry: { value: Uint8Array }) => JSON.parse(bytesOf(entry).toString())
const keyOf = (entry: { header: string }) => headerOf(entry).key?.toString()

function record(key: Buffer | null, value: Buffer | null): KafkaRecord {
  return { offset: 9, key, value, timestamp: AT, headers: { mine: 'not carried over' } }
}

test.each([
  ['bytes that are no text', Buffer.from([0, 255, 128]), Buffer.from([254, 0, 10])],
  ['empty ones', Buffer.alloc(0), Buffer.alloc(0)],
  ['none at all', null, null],
] as const)('keys and values survive as they are: %s', (_what, key, value) => {
  const entry = deadLetter(record(key, value), place, 'why – «so»\n')
  const header = headerOf(entry)
  expect(header.key).toEqual(key)
  expect(header.isNull ? null : bytesOf(entry)).toEqual(value)
  expect(header.headers).toEqual({
    'hf-reason': 'why – «so»\n',
    'hf-origin-topic': 'purchases',
    'hf-origin-partition': '3',
    'hf-origin-offset': '9',
    'hf-origin-timestamp': String(AT),
  })
})

test('a record goes on to its own topic under its customer, with whence it came', () => {
  const entry = republished(record(null, Buffer.from('{}')), place, customerId)
  expect([entry.kind, keyOf(entry), headerOf(entry).topic]).toEqual(['republish', customerId, 'purchases'])
  expect(headerOf(entry).headers).not.toHaveProperty('hf-reason')
  expect(bytesOf(entry)).toEqual(Buffer.from('{}'))
})

test('a change of band is what the contract says, and an erasure is its tombstone', () => {
  const entry = riskChanged({
    customerId,
    band: 'at_risk',
    previousBand: 'watch',
    enteredAt: ENTERED,
    evaluatedAt: AT,
    probability: 0.75,
    expectedLossMinor: 12_345,
    currency: 'EUR',
    reasons: [{ group: 'recency', logit: 1.5, sentence: 'last order 74 days ago' }],
    modelVersion: 'v1',
    source: SOURCE,
  })
  expect(keyOf(entry)).toBe(customerId)
  const change = riskChangeSchema.parse(jsonOf(entry))
  expect(parseEpisodeId(change.id)).toEqual(episode)
  expect(change.data).toMatchObject({ band: 'at_risk', previousBand: 'watch', probability: 0.75 })
  const gone = riskForgotten(customerId)
  expect([gone.kind, keyOf(gone), headerOf(gone).isNull]).toEqual(['risk-change', customerId, true])
})

test('what an earlier release left in an outbox is still understood', () => {
  const key = Buffer.from(customerId)
  const stored = (isNull: boolean) =>
    `{"topic":"","key":"${key.toString('base64')}","isNull":${isNull},"headers":{"hf-reason":"why"}}`
  const headers = { 'hf-reason': 'why' }
  expect(parseKafkaHeader(stored(false))).toEqual({ topic: '', key, isNull: false, headers })
  expect(parseKafkaHeader(stored(true))).toEqual({ topic: '', key, isNull: true, headers })
  expect(parseJobHeader('{"queue":"reactivation","id":"lapsed.1.c"}')).toEqual({
    queue: 'reactivation',
    id: 'lapsed.1.c',
  })
})

test.each(['', 'value-of', 'reactivation', 'errand 1', '{"topic":1}', '{"queue":"errand","id":"1"}'])(
  'a header that is none of ours is refused: %j',
  (header) => {
    expect(() => parseKafkaHeader(header)).toThrow()
    expect(() => parseJobHeader(header)).toThrow()
  },
)

test('a job carries the id of its episode, and the events about it the same one', () => {
  const entry = queued({
    ...episode,
    action: 'proactive-outreach',
    decidedAt: AT,
    probability: 0.75,
    expectedLossMinor: 1,
    currency: 'EUR',
    reasons: [],
    modelVersion: 'v1',
    shard: { partition: 3 },
  })
  const { queue, id } = parseJobHeader(entry.header)
  const job = jobSchema.parse(jsonOf(entry))
  expect([queue, id]).toEqual(['proactive-outreach', job.episodeId])
  expect(parseEpisodeId(id)).toEqual(episode)
  for (const event of [
    decided(episode, 'proactive-outreach', AT),
    suppressed(episode, 'proactive-outreach', 'snoozed', AT),
  ]) {
    expect(keyOf(event)).toBe(customerId)
    expect(jsonOf(event)).toMatchObject({ subject: customerId, source: SOURCE, data: { episodeId: id } })
  }
  expect(jsonOf(suppressed(episode, 'proactive-outreach', 'snoozed', AT)).data.reason).toBe('snoozed')
})
