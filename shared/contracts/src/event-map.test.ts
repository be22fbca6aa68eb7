import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createMapper } from './apply-map.ts'
import { parseEventMap } from './event-map.ts'
import { createLocalTime } from './local-time.ts'

const committed = readFileSync(new URL('../../../infra/maps/online-retail-year1.yaml', import.meta.url), 'utf8')
const purchase = {
  customer_id: '13085',
  ts: '2009-12-01 07:45:00',
  kind: 'purchase',
  invoice: '489434',
  amount_gbp: '505.30',
  units: '166',
  lines: '8',
  country: 'United Kingdom',
}
const cancel = {
  ...purchase,
  ts: '2010-07-01 10:33:00',
  kind: 'cancel',
  invoice: 'C489449',
  amount_gbp: '-196.10',
  units: '-100',
}

describe('the map of Online Retail', () => {
  const applyMap = createMapper(parseEventMap(committed))

  it('makes a purchase of a purchase', () => {
    const event = {
      specversion: '1.0',
      id: '489434',
      source: '/import/online-retail',
      type: 'purchase.completed',
      subject: '13085',
      time: '2009-12-01T07:45:00.000Z',
      data: { orderId: '489434', amount: '505.30', currency: 'GBP', units: 166 },
    }
    expect(applyMap(purchase, 1)).toEqual({ kind: 'events', events: [event] })
  })

  it('makes a cancellation without sign of a cancellation, in summer time', () => {
    const mapped = applyMap(cancel, 2)
    expect(mapped).toMatchObject({
      events: [{ type: 'purchase.cancelled', time: '2010-07-01T09:33:00.000Z', data: { amount: '196.10' } }],
    })
  })

  it('makes nothing of a kind that it does not know', () => {
    expect(applyMap({ ...purchase, kind: 'gift' }, 3)).toEqual({ kind: 'events', events: [] })
  })

  it.each([
    [{ ts: '2009-12-32 07:45:00' }, 'column ts: expected a time as yyyy-MM-dd HH:mm:ss, got "2009-12-32 07:45:00"'],
    [{ amount_gbp: '-5' }, 'purchase.completed: data.amount: expected a decimal string such as "49.90", got "-5"'],
    [{ amount_gbp: '' }, 'purchase.completed: data.amount: expected a decimal string such as "49.90", got nothing'],
    [{ units: 'many' }, 'column units: expected a number, got "many"'],
    [{ customer_id: '' }, 'purchase.completed: subject: expected a customer id'],
  ])('says what is wrong with a row: %j', (change, reason) => {
    const mapped = applyMap({ ...purchase, ...change }, 4)
    expect(mapped.kind === 'error' && mapped.reason).toContain(reason)
  })

  it('says which column is missing', () => {
    const { invoice: _, ...row } = purchase
    expect(applyMap(row, 5)).toMatchObject({
      kind: 'error',
      reason: expect.stringContaining('column invoice: the file has none'),
    })
  })
})

describe('a map of a file without header', () => {
  const applyMap = createMapper(
    parseEventMap(`
csv: { delimiter: whitespace, columns: [master, sample, date, cds, dollars] }
source: /import/cdnow
subject: "cdnow:{master}"
time: { column: date, format: yyyyMMdd }
events:
  - { type: purchase.completed, id: "{master}-{date}-{#}", data: { amount: "{dollars}", currency: USD, channel: "{sample}" } }
  - { type: engagement.visited, id: "v{#}", when: { cds: [1, 2] } }
`),
  )

  it('makes several events of a row, ids from row numbers, and leaves out what is empty', () => {
    const row = { master: '00004', sample: '', date: '19970101', cds: '2', dollars: '29.33' }
    expect(applyMap(row, 7)).toMatchObject({
      events: [
        { id: '00004-19970101-7', subject: 'cdnow:00004', time: '1997-01-01T00:00:00.000Z', data: { amount: '29.33' } },
        { id: 'v7', type: 'engagement.visited' },
      ],
    })
    const mapped = applyMap({ ...row, cds: '3' }, 8)
    expect(mapped.kind === 'events' && mapped.events.map((event) => event.type)).toEqual(['purchase.completed'])
  })
})

describe('parseEventMap', () => {
  it('lists every fault with its path', () => {
    const text = committed.replace('Europe/London', 'London').replace('purchase.cancelled', 'purchase.canceled')
    expect(() => parseEventMap(text, 'm.yaml')).toThrow(
      [
        'm.yaml:',
        '  time.zone: expected an IANA time zone such as Europe/London, got "London"',
        '  events.1.type: expected an event type such as purchase.completed, got "purchase.canceled"',
      ].join('\n'),
    )
    expect(() => parseEventMap(committed.replace('yyyy-MM-dd', 'yy-MM-dd'))).toThrow('time.format: expected rfc3339')
    expect(() => parseEventMap('')).toThrow('subject: expected a text with columns in braces')
  })
})

describe('createLocalTime', () => {
  const utc = (format: string, zone: string, text: string) => {
    const ms = createLocalTime(format, zone)(text)
    return ms === undefined ? undefined : new Date(ms).toISOString()
  }
  it.each([
    ['yyyy-MM-dd HH:mm', 'Europe/Vienna', '2026-07-01 12:00', '2026-07-01T10:00:00.000Z'],
    ['dd.MM.yyyy', 'America/New_York', '1.2.2026', '2026-02-01T05:00:00.000Z'],
    ['MM/dd/yyyy HH:mm:ss', 'Asia/Kolkata', '12/01/2009 07:45:30', '2009-12-01T02:15:30.000Z'],
    ['yyyy-MM-dd HH:mm', 'Europe/London', '2026-10-25 01:30', '2026-10-25T00:30:00.000Z'],
    ['yyyy-MM-dd HH:mm', 'Europe/London', '2026-10-25 02:00', '2026-10-25T02:00:00.000Z'],
    ['yyyy-MM-dd HH:mm', 'Europe/London', '2026-03-29 01:30', '2026-03-29T01:30:00.000Z'],
    ['yyyy-MM-dd HH:mm', 'Europe/London', '2026-03-29 02:00', '2026-03-29T01:00:00.000Z'],
    ['yyyyMMdd', 'UTC', '20260230', undefined],
    ['yyyyMMdd', 'UTC', '2026021', undefined],
    ['yyyy-MM-dd HH:mm', 'UTC', '2026-01-01 24:00', undefined],
  ])('%s in %s: %s', (format, zone, text, expected) => {
    expect(utc(format, zone, text)).toBe(expected)
  })
})
