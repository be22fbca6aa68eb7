import { type EventType, ROLE_OF_TYPE } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createParsedReader } from './decode.ts'
import { EVENT_SCHEMAS } from './events.ts'
import { createConverter } from './money.ts'
import { topicNames } from './names.ts'
import { createScannedReader } from './scanned-event.ts'

const NOW = Date.parse('2026-11-01T12:00:00Z')
const bounds = { toBaseMinor: createConverter('EUR', { GBP: '1.17' }), currencies: 'EUR, GBP', latest: NOW }

const HEAD = { specversion: '1.0', id: 'ord-1', source: '/shop/eu', subject: 'cust-42', time: '2026-11-01T10:00:00Z' }
const ticket = { ticketId: 't-1' }
const money = { amount: '49.90', currency: 'EUR' }
const COMMON = {
  'purchase.completed': { ...money, orderId: 'o', units: 2, channel: 'web', campaignId: 'spring' },
  'purchase.refunded': { ...money, orderId: 'o' },
  'purchase.cancelled': { ...money, orderId: 'o' },
  'support.ticket_opened': { ...ticket, channel: 'web', priority: 'high', complaint: true },
  'support.ticket_resolved': { ...ticket, openedAt: '2026-10-30T10:00:00Z' },
  'support.ticket_reopened': ticket,
  'support.ticket_escalated': ticket,
  'engagement.visited': {},
  'engagement.logged_in': undefined,
  'engagement.email_opened': {},
  'engagement.email_clicked': { link: 'https://shop.example' },
  'engagement.feature_used': { feature: 'wishlist' },
} as const satisfies Partial<Record<EventType, object | undefined>>
type CommonType = keyof typeof COMMON
const TYPES = Object.keys(COMMON) as CommonType[]

const readScanned = createScannedReader()
const readParsed = createParsedReader(topicNames())

/** What the scan makes of a record; where it makes anything, it must be what parsing makes of it. */
function scanned(type: EventType, bytes: Buffer) {
  const role = ROLE_OF_TYPE[type]
  const event = readScanned(role, bytes, bounds)
  if (event !== undefined) expect({ kind: 'event', event }).toEqual(readParsed(role, bytes, bounds))
  return event
}

const bytesOf = (event: object) => Buffer.from(JSON.stringify(event))

describe.each(TYPES)('%s', (type) => {
  test('is read from a scan, and comes out as when it is parsed', () => {
    expect(scanned(type, bytesOf({ ...HEAD, type, data: COMMON[type] }))).toMatchObject({ type, customerId: 'cust-42' })
    const recordedtime = '2026-11-01T11:00:00+01:00'
    expect(scanned(type, bytesOf({ ...HEAD, type, data: COMMON[type], recordedtime, note: 'né' }))).toBeDefined()
    expect(
      scanned(type, Buffer.from(`${JSON.stringify({ ...HEAD, type, data: COMMON[type] }, null, 2)}\r\n`)),
    ).toBeDefined()
  })

  test('has no member that the scan does not know', () => {
    const { data, ...envelope } = EVENT_SCHEMAS[type].shape
    expect(Object.keys(envelope).toSorted()).toEqual([...NAMES].filter((name) => name !== 'data').toSorted())
    const members = data instanceof z.ZodOptional ? data.unwrap() : data
    expect(Object.keys({ ...COMMON[type] })).toEqual(expect.arrayContaining(Object.keys(members.shape)))
  })

  test('is not read where it stands on another topic', () => {
    const bytes = bytesOf({ ...HEAD, type, data: COMMON[type] })
    expect(readScanned(ROLE_OF_TYPE[type] === 'support' ? 'purchases' : 'support', bytes, bounds)).toBeUndefined()
  })
})

const NAMES = [...Object.keys(HEAD), 'recordedtime', 'type', 'data']
const DATA_NAMES = [...new Set(TYPES.flatMap((type) => Object.keys(COMMON[type] ?? {})))]
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      '',
      'a',
      '1.0',
      '2',
      'x'.repeat(256),
      'x'.repeat(257),
      'x'.repeat(512),
      'x'.repeat(513),
      'x'.repeat(1_025),
      'é',
    ],
    ...['49.90', '1', '0.12345', '1e3', '999999999999', '-1', 'EUR', 'GBP', 'USD', 'eur'],
    ...['2026-11-01T10:00:00Z', '2026-02-30T10:00:00Z', '2027-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '2026-11-01'],
    ...[true, false, null, 0, 1, -1, 1.5, 2 ** 53, 1e300, {}, [], { x: 1 }, undefined],
    ...TYPES,
  ),
  fc.jsonValue(),
)
const changes = fc.array(fc.tuple(fc.constantFrom(...NAMES), anything), { maxLength: 1 })
const dataChanges = fc.array(fc.tuple(fc.constantFrom(...DATA_NAMES), anything), { maxLength: 2 })

test('whatever a field holds, the scan makes of it what parsing makes, or nothing', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), changes, dataChanges, (type, outer, inner) => {
      const data = inner.length === 0 ? COMMON[type] : { ...COMMON[type], ...Object.fromEntries(inner) }
      if (scanned(type, bytesOf({ ...HEAD, type, data, ...Object.fromEntries(outer) })) !== undefined) taken++
    }),
    { numRuns: 10_000 },
  )
  expect(taken).toBeGreaterThan(1_000)
})

test('whatever byte of it is another, or missing, the scan makes of it what parsing makes, or nothing', () => {
  let taken = 0
  const byte = fc.oneof(fc.constantFrom(...Buffer.from('"{}:,\\0 \n')), fc.integer({ min: 0, max: 255 }))
  const place = fc.integer({ min: 0, max: 2 ** 30 })
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), place, fc.option(byte), (type, at, other) => {
      const good = bytesOf({ ...HEAD, type, data: COMMON[type] })
      const from = at % good.length
      const put = other === null ? [] : [other]
      if (scanned(type, Buffer.concat([good.subarray(0, from), Buffer.from(put), good.subarray(from + 1)]))) taken++
    }),
    { numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(1_000)
})
