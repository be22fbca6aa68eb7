import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDecoder } from '@holdfast/contracts'
import type { CustomerEvent } from '@holdfast/core'
import { expect, test } from 'vitest'
import { openSource } from './index.ts'

const NOW = Date.UTC(2026, 0, 1)
const decode = createDecoder({ base: 'EUR' })
const dir = mkdtempSync(join(tmpdir(), 'holdfast-source-'))

const purchase = (id: string, more: object = {}) =>
  JSON.stringify({
    specversion: '1.0',
    id,
    source: '/shop',
    type: 'purchase.completed',
    subject: `cust-ü-${id}`,
    time: '2025-03-01T10:00:00Z',
    data: { amount: '10.00', currency: 'EUR' },
    ...more,
  })

function fileOf(name: string, content: string | Buffer): string {
  const file = join(dir, name)
  writeFileSync(file, content)
  return file
}

const open = (...files: string[]) => openSource({ kind: 'files', files, decode, now: NOW })

async function read(...files: string[]) {
  const source = open(...files)
  const events: CustomerEvent[] = []
  for await (const event of source) events.push(event)
  return { events, counts: source.counts(), source }
}

test('several files, plain and packed, whatever their line ends', async () => {
  const text = [purchase('1'), '', purchase('2')].join('\r\n')
  const visit = JSON.stringify({ ...JSON.parse(purchase('3')), type: 'engagement.visited', data: { type: 'x' } })
  const { events, counts, source } = await read(fileOf('a.ndjson', text), fileOf('b.ndjson.gz', gzipSync(`${visit}\n`)))
  expect(events.map(({ type, customerId }) => [type, customerId])).toEqual([
    ['purchase.completed', 'cust-ü-1'],
    ['purchase.completed', 'cust-ü-2'],
    ['engagement.visited', 'cust-ü-3'],
  ])
  expect(counts).toMatchObject({ events: 3, invalid: 0, end: Date.UTC(2025, 2, 2) })
  let again = 0
  for await (const _ of source) again++
  expect(again).toBe(3)
  expect(source.counts().events).toBe(3)
})

test('lines longer than what is read at once stay whole', async () => {
  const lines = Array.from({ length: 40 }, (_, i) => purchase(String(i), { note: 'x'.repeat(40_000) }))
  const { events } = await read(fileOf('long.ndjson', lines.join('\n')))
  expect(events.map(({ customerId }) => customerId)).toEqual(lines.map((_, i) => `cust-ü-${i}`))
})

test('an event is known by its own type, not by one that its data name first', async () => {
  const { type, ...rest } = JSON.parse(purchase('1'))
  const line = JSON.stringify({ data: { ...rest.data, type: 'support.ticket_opened' }, ...rest, type })
  expect((await read(fileOf('odd.ndjson', line))).events).toHaveLength(1)
})

test('what is no event is counted and told with its line', async () => {
  const lines = [purchase('1'), purchase('2', { type: 'parcel.lost' }), purchase('3', { time: '2031-01-01T00:00:00Z' })]
  const { counts } = await read(fileOf('mixed.ndjson', lines.join('\n')))
  expect(counts).toMatchObject({ events: 1, skipped: 1, invalid: 1 })
  expect(counts.firstInvalid).toMatch(/^line 3: time: 2031.* in the future/)
})

test('a file that is missing, named twice, damaged or of another shape is refused', async () => {
  const good = fileOf('good.ndjson', purchase('1'))
  expect(() => open(join(dir, 'nowhere.ndjson'))).toThrow('nowhere.ndjson')
  expect(() => open(good, good)).toThrow('given twice')
  await expect(read(fileOf('bad.ndjson.gz', 'plain'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  await expect(read(fileOf('rows.csv', 'customer,amount\n1,2\n'))).rejects.toMatchObject({ code: 'LOG_INVALID' })
})
