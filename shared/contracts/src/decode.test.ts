import { hash48, ROLE_OF_TYPE, ROLES, type Role } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDecoder, type Decoded } from './decode.ts'
import { EVENT_SCHEMAS } from './events.ts'
import { topicNames } from './names.ts'

const NOW = Date.parse('2026-11-01T12:00:00Z')
const decode = createDecoder({ base: 'EUR', rates: { GBP: '1.17', JPY: '0.0061' } })
const bytes = (text: string) => new TextEncoder().encode(text)

const order = {
  specversion: '1.0',
  id: 'ord-981',
  source: '/shop/eu',
  type: 'purchase.completed',
  subject: 'cust-42',
  time: '2026-11-01T10:00:00Z',
  data: { amount: '49.90', currency: 'EUR' },
}

function decodeOrder(changes: object, data: object = {}): Decoded {
  return decode('purchases', bytes(JSON.stringify({ ...order, data: { ...order.data, ...data }, ...changes })), NOW)
}

function reasonOf(decoded: Decoded): string {
  expect(decoded.kind).toBe('invalid')
  return decoded.kind === 'invalid' ? decoded.reason : ''
}

function eventOf(role: Role, type: string, data?: object, changes: object = {}) {
  const decoded = decode(role, bytes(JSON.stringify({ ...order, type, data, ...changes })), NOW)
  expect(decoded).toHaveProperty('event')
  return decoded.kind === 'event' ? decoded.event : undefined
}

describe('a good event', () => {
  it('comes out in the units of the core', () => {
    expect(decodeOrder({})).toEqual({
      kind: 'event',
      event: {
        type: 'purchase.completed',
        customerId: 'cust-42',
        time: Date.parse('2026-11-01T10:00:00Z'),
        knownAt: Date.parse('2026-11-01T10:00:00Z'),
        idHash: hash48('8:/shop/euord-981'),
        amountMinor: 4990,
      },
    })
  })

  it('counts from when it was known, never from before it happened', () => {
    const late = decodeOrder({ recordedtime: '2026-11-01T11:30:00+01:00' })
    expect(late).toMatchObject({ event: { knownAt: Date.parse('2026-11-01T10:30:00Z') } })
    const early = decodeOrder({ recordedtime: '2026-10-31T00:00:00Z' })
    expect(early).toMatchObject({ event: { knownAt: Date.parse(order.time) } })
  })

  it('tells apart sources and ids that read the same when joined', () => {
    const a = decodeOrder({ source: '/a', id: 'b1' })
    const b = decodeOrder({ source: '/ab', id: '1' })
    expect(a).toHaveProperty('event.idHash')
    expect(a).not.toEqual(b)
  })

  it('ignores fields that it does not know, and bodies of 1 MiB are fine', () => {
    expect(decodeOrder({ traceparent: 'x', note: 'n'.repeat(2 ** 20) }, { gift: true })).toEqual(decodeOrder({}))
  })

  it('covers every type of the core', () => {
    expect(Object.keys(EVENT_SCHEMAS).sort()).toEqual(Object.keys(ROLE_OF_TYPE).sort())
    expect(eventOf('support', 'support.ticket_opened', { ticketId: 't' })).toMatchObject({ complaint: false })
    expect(eventOf('support', 'support.ticket_resolved', { ticketId: 't' })).toMatchObject({ openedAt: undefined })
    expect(
      eventOf('support', 'support.ticket_resolved', { ticketId: 't', openedAt: '2026-10-30T10:00:00Z' }),
    ).toMatchObject({ openedAt: Date.parse('2026-10-30T10:00:00Z') })
    expect(eventOf('support', 'survey.responded', { kind: 'nps', score: 10 })).toMatchObject({ kind: 'nps', score: 10 })
    expect(eventOf('engagement', 'engagement.visited')).toMatchObject({ type: 'engagement.visited' })
    expect(eventOf('engagement', 'social.mentioned', { sentiment: -0.5 })).toMatchObject({ sentiment: -0.5 })
    expect(eventOf('profile', 'profile.updated', { email: '', timezone: 'Asia/Kolkata', shoe: 43 })).toMatchObject({
      fields: { email: '', timezone: 'Asia/Kolkata' },
    })
    expect(eventOf('profile', 'consent.changed', { purpose: 'marketing', granted: false })).toMatchObject({
      granted: false,
    })
    expect(eventOf('profile', 'contract.change_requested', { kind: 'pause' })).toMatchObject({ kind: 'pause' })
    expect(eventOf('profile', 'customer.erased')).toMatchObject({ customerId: 'cust-42' })
    const episode = { action: 'reactivation', episodeId: 'lapsed.1.c', enteredAt: '2026-10-30T10:00:00Z' }
    const entered = { action: 'reactivation', enteredAt: Date.parse('2026-10-30T10:00:00Z') }
    for (const type of ['action.decided', 'action.delivered', 'action.failed'] as const) {
      expect(eventOf('actions', type, episode)).toMatchObject({ type, ...entered })
    }
    expect(eventOf('actions', 'action.suppressed', { ...episode, reason: 'cooldown' })).toMatchObject({
      ...entered,
      reason: 'cooldown',
    })
  })

  it('takes the time of a person who acts without an episode as the time of entering', () => {
    const data = { action: 'proactive-outreach', until: '2026-12-01T00:00:00Z' }
    expect(eventOf('actions', 'action.snoozed', data)).toMatchObject({
      enteredAt: Date.parse(order.time),
      until: Date.parse('2026-12-01T00:00:00Z'),
    })
    expect(eventOf('actions', 'action.resolved', { ...data, outcome: 'saved' })).toMatchObject({ outcome: 'saved' })
    expect(eventOf('actions', 'action.acknowledged', data)).toMatchObject({ action: 'proactive-outreach' })
  })
})

describe('bad input', () => {
  const refused: readonly [string, Uint8Array | null, string | RegExp][] = [
    ['null', null, 'empty value'],
    ['no bytes', new Uint8Array(), 'empty value'],
    ['half an object', bytes('{"specversion":'), /^not JSON: /],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'not UTF-8'],
    ['a surrogate in raw UTF-8', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'not UTF-8'],
    ['null in JSON', bytes('null'), 'expected a CloudEvent as a JSON object, got null'],
    ['a batch', bytes('[{}]'), 'expected a CloudEvent as a JSON object, got an array'],
    ['no type', bytes('{}'), 'type: expected a text such as "purchase.completed", got nothing'],
    ['a hundred thousand brackets', bytes('['.repeat(100_000)), /^not JSON: /],
  ]
  it.each(refused)('%s', (_, value, reason) => {
    const found = reasonOf(decode('purchases', value, NOW))
    if (typeof reason === 'string') expect(found).toBe(reason)
    else expect(found).toMatch(reason)
  })

  const badFields: readonly [string, object, object, string][] = [
    ['another version', { specversion: '0.3' }, {}, 'specversion: expected "1.0", got "0.3"'],
    ['no id', { id: '' }, {}, 'id: expected a text of 1 to 1024 characters without lone surrogates, got ""'],
    ['a numeric subject', { subject: 42 }, {}, 'subject: expected a customer id of 1 to 256 UTF-8 bytes'],
    ['a subject of 257 bytes', { subject: `${'é'.repeat(128)}x` }, {}, 'subject: expected a customer id of 1 to 256'],
    ['half a pair in the subject', { subject: 'a\ud800b' }, {}, 'lone surrogates, got "a\\ud800b"'],
    ['half a pair in the id', { id: '\udc00' }, {}, 'id: expected'],
    ['a time without offset', { time: '2026-11-01T10:00:00' }, {}, 'time: expected an RFC 3339 time with offset'],
    ['a time as number', { time: 1793527200000 }, {}, 'time: expected an RFC 3339 time with offset'],
    ['a day the calendar lacks', { time: '2026-02-29T10:00:00Z' }, {}, 'time: expected an RFC 3339 time'],
    ['the year 0', { time: '0000-01-01T00:00:00Z' }, {}, 'time: 0000-01-01T00:00:00Z is before 1970'],
    ['the year 9999', { time: '9999-12-31T23:59:59Z' }, {}, 'time: 9999-12-31T23:59:59Z is dated in the future'],
    [
      'known in the future',
      { recordedtime: '2026-11-01T12:05:01Z' },
      {},
      'recordedtime: 2026-11-01T12:05:01Z is dated',
    ],
    ['no data', { data: undefined }, {}, 'data: expected an object, got nothing'],
    ['an amount as number', {}, { amount: -3 }, 'data.amount: expected a decimal string such as "49.90", got -3'],
    [
      'a negative amount',
      {},
      { amount: '-3.00' },
      'data.amount: expected a decimal string such as "49.90", got "-3.00"',
    ],
    ['NaN', {}, { amount: 'NaN' }, 'data.amount: expected a decimal string such as "49.90", got "NaN"'],
    ['an exponent', {}, { amount: '1e3' }, 'data.amount: expected a decimal string such as "49.90", got "1e3"'],
    ['five decimals', {}, { amount: '1.23456' }, 'data.amount: expected a decimal string'],
    [
      'a huge amount',
      {},
      { amount: '10000000000.00' },
      'data.amount: 10000000000.00 EUR is not below 10^12 minor units',
    ],
    ['a huge foreign amount', {}, { amount: '9'.repeat(40), currency: 'GBP' }, 'GBP is not below 10^12 minor units'],
    ['an unknown currency', {}, { currency: 'XTS' }, 'data.currency: XTS has no rate; configured: EUR, GBP, JPY'],
    [
      'a currency in words',
      {},
      { currency: 'euro' },
      'data.currency: expected an ISO 4217 currency code such as "EUR"',
    ],
  ]
  it.each(badFields)('%s', (_, changes, data, reason) => {
    expect(reasonOf(decodeOrder(changes, data))).toContain(reason)
  })

  it('does not take infinity for a number', () => {
    const text = JSON.stringify({ ...order, type: 'social.mentioned', data: { sentiment: 0 } })
    const infinite = text.replace('"sentiment":0', '"sentiment":1e999')
    expect(reasonOf(decode('engagement', bytes(infinite), NOW))).toBe(
      'data.sentiment: expected a number from -1 (hostile) to 1 (friendly), got Infinity',
    )
  })

  const badData: readonly [Role, string, object, string][] = [
    ['support', 'survey.responded', { kind: 'csat', score: 0 }, 'data.score: expected a CSAT score'],
    ['support', 'survey.responded', { kind: 'nps', score: 7.5 }, 'data.score: expected an NPS score'],
    ['support', 'survey.responded', { kind: 'ces', score: 8 }, 'data.score: expected a CES score'],
    ['support', 'survey.responded', { kind: 'x', score: 1 }, 'data.kind: expected one of csat, nps, ces, got "x"'],
    ['support', 'support.ticket_resolved', { ticketId: 't', openedAt: '2027-01-01T00:00:00Z' }, 'data.openedAt: 2027'],
    ['profile', 'profile.updated', { timezone: 'Mars/Olympus' }, 'data.timezone: expected an IANA time zone'],
    ['profile', 'profile.updated', { timezone: '+01:00' }, 'data.timezone: expected an IANA time zone'],
    ['profile', 'profile.updated', { country: 'Austria' }, 'data.country: expected a country as two letters'],
    ['actions', 'action.decided', { action: 'reactivation', episodeId: 'e' }, 'data.enteredAt: expected an RFC 3339'],
    [
      'actions',
      'action.snoozed',
      { action: 'reactivation', until: '2026-11-01T09:00:00Z' },
      "data.until: 2026-11-01T09:00:00Z is not after the event's own time",
    ],
  ]
  it.each(badData)('%s %s %j', (role, type, data, reason) => {
    expect(reasonOf(decode(role, bytes(JSON.stringify({ ...order, type, data })), NOW))).toContain(reason)
  })

  it('keeps personal fields out of the reason', () => {
    const text = JSON.stringify({ ...order, type: 'profile.updated', data: { email: 'a@example.org'.repeat(30) } })
    const reason = reasonOf(decode('profile', bytes(text), NOW))
    expect(reason).toContain('data.email: expected a text of at most 256 characters')
    expect(reason).not.toContain('example.org')
  })

  it('allows five minutes ahead of the record, and not a millisecond more', () => {
    expect(decodeOrder({ time: '2026-11-01T12:05:00.000Z' }).kind).toBe('event')
    expect(reasonOf(decodeOrder({ time: '2026-11-01T12:05:00.001Z' }))).toContain('dated in the future')
  })

  it('names the topic on which a type belongs', () => {
    const own = createDecoder({ base: 'EUR', topics: topicNames({ purchases: 'shop.orders' }) })
    const decoded = own('support', bytes(JSON.stringify(order)), NOW)
    expect(reasonOf(decoded)).toBe('type: purchase.completed belongs on shop.orders, not on customer.support')
  })

  it('says whom it concerns where it can', () => {
    expect(decodeOrder({}, { amount: 1 })).toHaveProperty('subject', 'cust-42')
    expect(decodeOrder({ subject: '\ud800' })).not.toHaveProperty('subject')
  })
})

describe('unknown types', () => {
  it.each(['purchase.gifted', 'constructor', '__proto__', ''])(
    '%s is skipped before anything else is checked',
    (type) => {
      expect(decode('purchases', bytes(JSON.stringify({ type, time: 1 })), NOW)).toEqual({ kind: 'unknown_type', type })
    },
  )
})

describe('ids', () => {
  it.each(['לקוח-١٢٣', '\u202eevil', 'a:b{c}|d e', 'é'.repeat(128), '💶'.repeat(64)])('takes %s', (subject) => {
    expect(decodeOrder({ subject })).toHaveProperty('event.customerId', subject)
  })
})

describe('whatever the bytes', () => {
  const role = fc.constantFrom(...ROLES)
  const outcome = /^(event|unknown_type|invalid)$/

  it('never throws', () => {
    fc.assert(
      fc.property(role, fc.uint8Array({ maxLength: 200 }), (role, value) => {
        expect(decode(role, value, NOW).kind).toMatch(outcome)
      }),
    )
  })

  it('never throws on JSON that nearly is an event, and gives every refusal a reason', () => {
    const type = fc.constantFrom(...Object.keys(EVENT_SCHEMAS))
    const anything = fc.jsonValue({ maxDepth: 3 })
    const field = fc.constantFrom('specversion', 'id', 'source', 'subject', 'time', 'recordedtime', 'data')
    const dataField = fc.constantFrom('amount', 'currency', 'kind', 'score', 'action', 'enteredAt', 'until', 'openedAt')
    fc.assert(
      fc.property(type, role, field, anything, dataField, anything, (type, role, field, value, name, inner) => {
        const event = { ...order, type, data: { ...order.data, [name]: inner }, [field]: value }
        const decoded = decode(role, bytes(JSON.stringify(event)), NOW)
        expect(decoded.kind).toMatch(outcome)
        if (decoded.kind === 'invalid') expect(decoded.reason).toMatch(/^[a-z][A-Za-z.]*: .|^not |^expected /)
      }),
      { numRuns: 500 },
    )
  })
})
