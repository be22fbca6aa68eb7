import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GatewayProcess } from './gateway-process.ts'
import { BATCH, openShop, post, purchase, type Shop, STRUCTURED } from './support.ts'

/**
 * What senders send by mistake, on purpose or by malice: each ends in a 4xx that names the field and the reason; in the middle of a
 * good batch the others are taken.
 */

let shop: Shop
let gateway: GatewayProcess

beforeAll(async () => {
  shop = openShop()
  gateway = await shop.startGateway()
})

afterAll(async () => {
  await shop?.close()
})

const MIB = 1_048_576
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
/** JSON with a value that JSON.stringify would not write. */
const withRaw = (event: object, raw: string) => JSON.stringify(event).replace('"RAW"', raw)

type Bad = readonly [what: string, json: () => string, field: string, reason: RegExp, status?: number]

const BAD: readonly Bad[] = [
  ['a number', () => '17', '', /expected a CloudEvent as a JSON object, got 17/],
  ['null', () => 'null', '', /expected a CloudEvent as a JSON object, got null/],
  ['an empty text', () => '""', '', /got ""/],
  ['an empty object', () => '{}', 'type', /expected a text .* got nothing/],
  [
    'no specversion',
    () => JSON.stringify(purchase({ specversion: undefined })),
    'specversion',
    /expected "1.0", got nothing/,
  ],
  ['another specversion', () => JSON.stringify(purchase({ specversion: '0.3' })), 'specversion', /got "0.3"/],
  ['a type that is a number', () => JSON.stringify(purchase({ type: 7 })), 'type', /expected a text .* got 7/],
  [
    'an unknown type',
    () => JSON.stringify(purchase({ type: 'purchase.imagined' })),
    'type',
    /none that is known.*purchase\.completed/,
  ],
  [
    'a type called like an object method',
    () => JSON.stringify(purchase({ type: 'toString' })),
    'type',
    /none that is known/,
  ],
  [
    'an event only the pipeline writes',
    () => JSON.stringify(purchase({ type: 'action.delivered' })),
    'type',
    /written by Holdfast itself/,
  ],
  ['no time', () => JSON.stringify(purchase({ time: undefined })), 'time', /expected an RFC 3339 time.*got nothing/],
  ['a date in year 0', () => JSON.stringify(purchase({ time: '0000-01-01T00:00:00Z' })), 'time', /before 1970/],
  [
    'a date in year 9999',
    () => JSON.stringify(purchase({ time: '9999-12-31T23:59:59Z' })),
    'time',
    /dated in the future/,
  ],
  ['a date six minutes ahead', () => JSON.stringify(purchase({ time: inMinutes(6) })), 'time', /dated in the future/],
  [
    'a date without offset',
    () => JSON.stringify(purchase({ time: '2026-01-01T00:00:00' })),
    'time',
    /expected an RFC 3339 time/,
  ],
  [
    'February 30',
    () => JSON.stringify(purchase({ time: '2026-02-30T00:00:00Z' })),
    'time',
    /expected an RFC 3339 time/,
  ],
  ['no subject', () => JSON.stringify(purchase({ subject: undefined })), 'subject', /expected a customer id/],
  [
    'a null subject',
    () => JSON.stringify(purchase({ subject: null })),
    'subject',
    /expected a customer id .* got null/,
  ],
  ['an empty subject', () => JSON.stringify(purchase({ subject: '' })), 'subject', /got ""/],
  [
    'a subject of 257 bytes',
    () => JSON.stringify(purchase({ subject: 'x'.repeat(257) })),
    'subject',
    /1 to 256 UTF-8 bytes/,
  ],
  [
    'a subject of 86 three-byte letters',
    () => JSON.stringify(purchase({ subject: '€'.repeat(86) })),
    'subject',
    /1 to 256 UTF-8 bytes/,
  ],
  [
    'a subject with half a surrogate pair',
    () => withRaw(purchase({ subject: 'RAW' }), '"a\\ud800"'),
    'subject',
    /lone surrogates/,
  ],
  ['an id with half a surrogate pair', () => withRaw(purchase({ id: 'RAW' }), '"\\udc00"'), 'id', /lone surrogates/],
  ['an id that is a number', () => JSON.stringify(purchase({ id: 17 })), 'id', /got 17/],
  [
    'an id of 1,025 characters',
    () => JSON.stringify(purchase({ id: 'x'.repeat(1_025) })),
    'id',
    /1 to 1024 characters/,
  ],
  ['no data', () => JSON.stringify({ ...purchase(), data: undefined }), 'data', /expected an object, got nothing/],
  [
    'data that is a list',
    () => JSON.stringify({ ...purchase(), data: [] }),
    'data',
    /expected an object, got an array/,
  ],
  [
    'an amount that is a number',
    () => JSON.stringify(purchase({}, { amount: 49.9 })),
    'data.amount',
    /expected a decimal string .* got 49.9/,
  ],
  ['"NaN"', () => JSON.stringify(purchase({}, { amount: 'NaN' })), 'data.amount', /got "NaN"/],
  [
    'a negative amount',
    () => JSON.stringify(purchase({}, { amount: '-1' })),
    'data.amount',
    /expected a decimal string/,
  ],
  [
    'a huge amount',
    () => JSON.stringify(purchase({}, { amount: '9'.repeat(40) })),
    'data.amount',
    /not below 10\^12 minor units/,
  ],
  [
    '1e999, which JSON makes Infinity',
    () => withRaw(purchase({}, { amount: 'RAW' }), '1e999'),
    'data.amount',
    /got Infinity/,
  ],
  [
    '1e999 where nobody looks',
    () => withRaw(purchase({}, { note: ['RAW'] }), '-1e999'),
    'data.note.0',
    /got -Infinity/,
  ],
  [
    'an unknown currency',
    () => JSON.stringify(purchase({}, { currency: 'XTS' })),
    'data.currency',
    /XTS has no rate; configured: EUR, GBP/,
  ],
  [
    'a score out of range',
    () => JSON.stringify(purchase({ type: 'survey.responded', data: { kind: 'nps', score: 11 } })),
    'data.score',
    /from 0 to 10, got 11/,
  ],
  [
    'nesting without end',
    () => withRaw(purchase({}, { note: 'RAW' }), `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    'data',
    /nested more than 32 deep/,
  ],
  [
    'an event of 1 MiB',
    () => JSON.stringify(purchase({}, { note: 'x'.repeat(MIB) })),
    'data',
    /bytes; at most 65536/,
    413,
  ],
]

for (const [what, json, field, reason, status = 422] of BAD) {
  describe(what, () => {
    test('alone: refused, naming the field and the reason', async () => {
      // A batch of one: what is no object at all is not an event, but may stand in a list of them.
      const { status: answered, headers, problem } = await post(gateway, `[${json()}]`, { 'content-type': BATCH })
      expect(answered).toBe(status)
      expect(headers.get('content-type')).toContain('application/problem+json')
      expect(problem.errors).toEqual([
        { field: field === '' ? '[0]' : `[0].${field}`, reason: expect.stringMatching(reason) },
      ])
      const single = await post(gateway, json())
      expect(single.status).toBe(json().startsWith('{') ? status : 400)
      expect(single.problem.errors).toHaveLength(1)
      if (single.status !== 400) expect(single.problem.errors[0]?.field).toBe(field)
    })

    test('in the middle of a good batch: the others are taken', async () => {
      const before = purchase()
      const after = purchase()
      const batch = `[${JSON.stringify(before)},${json()},${JSON.stringify(after)}]`
      const { status: answered, result } = await post(gateway, batch, { 'content-type': BATCH })
      expect(answered).toBe(202)
      expect(result.accepted.map(({ index, id }) => [index, id])).toEqual([
        [0, before.id],
        [2, after.id],
      ])
      expect(result.rejected).toEqual([
        { index: 1, id: result.rejected[0]?.id, field, reason: expect.stringMatching(reason) },
      ])
    })
  })
}

const BROKEN: readonly (readonly [what: string, body: () => string | Buffer, reason: RegExp])[] = [
  ['malformed JSON', () => '{"specversion":"1.0"', /^not JSON: /],
  ['NaN, which JSON does not have', () => withRaw(purchase({}, { amount: 'RAW' }), 'NaN'), /^not JSON: /],
  ['nothing', () => '', /got nothing/],
  ['bytes that are no UTF-8', () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), /not UTF-8/],
  ['nesting without an end', () => '['.repeat(500_000), /^not JSON: /],
]

test.each(BROKEN)('a body that is %s is refused as a whole', async (_, body, reason) => {
  for (const type of [STRUCTURED, BATCH, 'application/json']) {
    const { status, problem } = await post(gateway, body(), { 'content-type': type })
    expect(status).toBe(400)
    expect(problem.errors).toEqual([{ field: 'body', reason: expect.stringMatching(reason) }])
  }
})

test('what is odd and right is taken, and comes back as it was sent', async () => {
  const events = [
    purchase({ subject: 'עגלה-١٢٣-‮RTL' }),
    purchase({ subject: 'x'.repeat(256) }),
    purchase({ subject: '😀'.repeat(64) }),
    purchase({ time: inMinutes(4) }),
    purchase({ id: 'a\nb\u0000c' }),
    purchase({ id: '__proto__' }),
    purchase({}, { note: { deep: [1, 'two', null] } }),
  ]
  const { status, result } = await post(gateway, events)
  expect([status, result.rejected]).toEqual([202, []])
  const records = await shop.read('purchases')
  for (const [i, { topic, partition, offset }] of result.accepted.entries()) {
    const record = records.find((one) => one.topic === topic && one.partition === partition && one.offset === offset)
    expect(record?.event).toMatchObject({ ...events[i] })
    expect(record?.key).toBe(events[i]?.subject)
  }
})

test('keys made to pollute prototypes are data like any other', async () => {
  const event = purchase()
  const body = JSON.stringify(event).replace(
    '{',
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
  )
  expect((await post(gateway, body)).status).toBe(202)
  const record = (await shop.read('purchases')).find((one) => one.event.id === event.id)
  expect(record?.key).toBe(event.subject)
  // A process whose objects had a recordedtime, say, would take what has none.
  const { status, problem } = await post(gateway, purchase({ time: undefined }))
  expect([status, problem.errors[0]?.field]).toEqual([422, 'time'])
})

test('too much at once is refused with 413', async () => {
  const many = Array.from({ length: 1_001 }, () => 0)
  expect((await post(gateway, many)).problem).toMatchObject({ status: 413, errors: [{ field: 'body' }] })
  const large = await post(gateway, `"${'x'.repeat(4 * MIB)}"`)
  expect(large.problem).toMatchObject({ status: 413, errors: [{ field: 'body' }] })
})

test('other media types, encodings, methods and paths are refused as such', async () => {
  const json = JSON.stringify(purchase())
  const statusOf = async (headers: Record<string, string>) => (await post(gateway, json, headers)).problem
  expect(await statusOf({ 'content-type': 'text/plain' })).toMatchObject({
    status: 415,
    errors: [{ field: 'content-type' }],
  })
  expect(await statusOf({ 'content-type': 'application/vnd.shop+json' })).toMatchObject({ status: 415 })
  expect(await statusOf({ 'content-type': `${STRUCTURED}; charset=utf-16` })).toMatchObject({ status: 415 })
  expect(await statusOf({ 'content-encoding': 'gzip' })).toMatchObject({
    status: 415,
    errors: [{ field: 'content-encoding' }],
  })
  expect((await post(gateway, json, { 'content-type': `${STRUCTURED}; charset=UTF-8` })).status).toBe(202)
  const get = await fetch(`${gateway.url}/v1/events`)
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
  expect((await fetch(`${gateway.url}/v1/event`, { method: 'POST' })).status).toBe(404)
})

test('a sender who goes away midway leaves no bytes in flight behind', async () => {
  const { hostname, port } = new URL(gateway.url)
  const head = `POST /v1/events HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: ${STRUCTURED}\r\ncontent-length: 1000000\r\n\r\n{`
  const socket = connect(Number(port), hostname)
  const inFlight = async () => {
    const health = await (await fetch(`${gateway.url}/healthz`)).text()
    return Number(/"inFlightBytes":(\d+)/.exec(health)?.[1])
  }
  socket.write(head)
  // The head counts as well.
  await expect.poll(inFlight).toBeGreaterThanOrEqual(1_000_000)
  socket.destroy()
  await expect.poll(inFlight).toBe(0)
})
