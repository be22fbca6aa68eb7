import { readdirSync, readFileSync } from 'node:fs'
import { createDecoder } from '@holdfast/contracts'
import { describe, expect, test } from 'vitest'
import { fileOf, importFiles } from './import-fixture.ts'

const MAPS = new URL('../../../../infra/maps/', import.meta.url)
const map = (name: string) => readFileSync(new URL(name, MAPS), 'utf8')

test('every map that comes with Holdfast has an example here', () => {
  expect(readdirSync(MAPS).sort()).toEqual([
    'cdnow.yaml',
    'hubspot-contacts.yaml',
    'online-retail-lines.yaml',
    'online-retail-year1.yaml',
    'salesforce-contacts.yaml',
    'zendesk-tickets.yaml',
  ])
})

test('CDNOW: equal purchases of one day are two', async () => {
  const file = fileOf('cdnow.txt', ' 00004 0001 19970101  2   29.33\n 00004 0001 19970101  2   29.33\n')
  const { events, summary } = await importFiles([file], map('cdnow.yaml'))
  expect(summary).toMatchObject({ rows: 2, events: 2, badRows: 0 })
  expect(new Set(events.map(({ id }) => id)).size).toBe(2)
  expect(events[0]).toMatchObject({ subject: '00004', time: '1997-01-01T00:00:00.000Z', data: { amount: '29.33' } })
})

test('Online Retail II, line by line: an invoice is one purchase, a cancelled one has no sign', async () => {
  const lines = [
    'Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country',
    '489434,85048,"BALL, 20 CM",12,2009-12-01 07:45:00,6.95,13085,United Kingdom',
    '489434,79323P,CHERRY LIGHTS,12,2009-12-01 07:45:00,6.755,13085,United Kingdom',
    'C489449,22087,BUNTING,-12,2009-12-01 10:33:00,2.95,16321,Australia',
    '489435,22041,FRAME,4,2009-12-01 07:46:00,2.10,,United Kingdom',
    '489434,21871,MUG,24,2009-12-01 07:45:00,1.25,13085,United Kingdom',
  ]
  const { events, summary } = await importFiles(
    [fileOf('retail.csv', lines.join('\n'))],
    map('online-retail-lines.yaml'),
  )
  expect(summary).toMatchObject({ rows: 5, events: 2, withoutEvent: 1, badRows: 0 })
  expect(events.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toMatchObject([
    { id: '489434', type: 'purchase.completed', data: { amount: '194.460', units: 48 } },
    { id: 'C489449', type: 'purchase.cancelled', data: { amount: '35.40' } },
  ])
})

describe('contacts of a CRM', () => {
  test('HubSpot', async () => {
    const text = [
      'Record ID,First Name,Last Name,Email,Country/Region,Preferred language,Lifecycle Stage,Original Source,Contact owner,Last Modified Date,Unsubscribed from all email',
      '101,Ana,Kovač,ana@example.com,Croatia,hr,Customer,Organic Search,owner@example.com,2026-03-05 14:33,Yes',
      '102,,Ito,ito@example.com,JP,,Lead,Direct Traffic,,2026-03-06 08:00,',
      '103,X,Y,x@example.com,Atlantis,,Lead,Direct Traffic,,2026-03-06 08:00,',
    ]
    const { events, bad } = await importFiles([fileOf('hubspot.csv', text.join('\n'))], map('hubspot-contacts.yaml'))
    expect(events).toMatchObject([
      { subject: '101', type: 'profile.updated', data: { name: 'Ana Kovač', country: 'HR', tier: 'Customer' } },
      { subject: '101', type: 'consent.changed', data: { purpose: 'marketing', granted: false } },
      { subject: '102', data: { name: 'Ito', country: 'JP' }, time: '2026-03-06T08:00:00.000Z' },
    ])
    expect(events[2]?.data).not.toHaveProperty('locale')
    expect(bad.map(({ reason }) => reason)).toEqual([
      'column Country/Region: expected a country, as two letters or by its English name, got "Atlantis"',
    ])
  })

  test('Salesforce', async () => {
    const text = [
      'Id,FirstName,LastName,Email,MailingCountry,LeadSource,OwnerId,HasOptedOutOfEmail,LastModifiedDate,IsDeleted',
      '003A,Ana,Kovač,ana@example.com,Croatia,Web,005B,false,2026-03-05T14:33:00.000Z,false',
      '003B,Gone,Away,gone@example.com,,,005B,false,2026-03-05T14:33:00.000Z,true',
    ]
    const { events, summary } = await importFiles([fileOf('sf.csv', text.join('\n'))], map('salesforce-contacts.yaml'))
    expect(summary).toMatchObject({ events: 2, withoutEvent: 1 })
    expect(events).toMatchObject([
      { subject: '003A', data: { email: 'ana@example.com', ownerId: '005B' } },
      { type: 'consent.changed', data: { granted: true } },
    ])
  })
})

test('Zendesk: one ticket makes several events, nested fields and absent ones included', async () => {
  const ticket = { id: 7, requester_id: 42, created_at: '2026-01-02T10:00:00Z', updated_at: '2026-01-05T09:00:00Z' }
  const lines = [
    {
      ...ticket,
      status: 'solved',
      priority: 'urgent',
      type: 'problem',
      via: { channel: 'email' },
      metric_set: { solved_at: '2026-01-03T10:00:00Z' },
      satisfaction_rating: { score: 'bad' },
    },
    { ...ticket, id: 8, status: 'open', priority: null, type: 'question', satisfaction_rating: { score: 'offered' } },
    { ...ticket, id: 9, status: 'deleted' },
  ].map((line) => JSON.stringify(line))
  const { events, summary } = await importFiles(
    [fileOf('tickets.ndjson', lines.join('\n'))],
    map('zendesk-tickets.yaml'),
  )
  expect(summary).toMatchObject({ rows: 3, withoutEvent: 1, badRows: 0 })
  expect(events).toMatchObject([
    { id: '7-opened', subject: '42', data: { complaint: true, channel: 'email', priority: 'urgent' } },
    { id: '7-escalated' },
    { id: '7-resolved', time: '2026-01-03T10:00:00.000Z', data: { openedAt: '2026-01-02T10:00:00.000Z' } },
    { id: '7-csat', time: '2026-01-05T09:00:00.000Z', data: { kind: 'csat', score: 1 } },
    { id: '8-opened', data: { complaint: false } },
  ])
  const decode = createDecoder({ base: 'EUR' })
  for (const event of events) {
    const role = event.type.startsWith('support') || event.type.startsWith('survey') ? 'support' : 'profile'
    expect(decode(role, Buffer.from(JSON.stringify(event)), Date.UTC(2026, 5, 1)).kind).toBe('event')
  }
})
