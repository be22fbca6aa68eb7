import { mkdtempSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDecoder, createMapper, parseEventMap } from '@holdfast/contracts'
import { expect, test } from 'vitest'
import { type BadRow, importRows, requireCurrencies } from './import-rows.ts'
import { openFile, readRows } from './read-rows.ts'

const MAP = new URL('../../../../infra/maps/online-retail-year1.yaml', import.meta.url)
const RATES = { GBP: '1.17' }
const HEADER = 'customer_id,ts,kind,invoice,amount_gbp,units,lines,country'

async function onlineRetail() {
  return parseEventMap(await readFile(MAP, 'utf8'))
}

function fileOf(name: string, content: string | Buffer): string {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-import-')), name)
  writeFileSync(file, content)
  return file
}

async function importText(text: string, options: { most?: number; now?: number; gz?: boolean } = {}) {
  const map = await onlineRetail()
  const file = options.gz ? fileOf('log.csv.gz', gzipSync(text)) : fileOf('log.csv', text)
  const events: { type: string; subject: string; time: string; data: Record<string, unknown> }[] = []
  const bad: BadRow[] = []
  const summary = await importRows(readRows(openFile(file), map.csv, file), {
    map: createMapper(map),
    decode: createDecoder({ base: 'EUR', rates: RATES }),
    now: () => options.now ?? Date.UTC(2026, 0, 1),
    onEvent: ({ value }) => void events.push(JSON.parse(String(value))),
    onBadRow: (row) => void bad.push(row),
    ...(options.most !== undefined && { most: options.most }),
  })
  return { summary, events, bad }
}

const GOOD = [
  '13085,2009-12-01 07:45:00,purchase,489434,505.30,166,8,United Kingdom',
  '13085,2010-07-02 09:00:00,cancel,C489435,-145.80,-60,4,United Kingdom',
]

test('rows of Online Retail become events, plain or packed', async () => {
  for (const gz of [false, true]) {
    const { summary, events } = await importText([HEADER, ...GOOD, ''].join('\n'), { gz })
    expect(summary).toEqual({
      rows: 2,
      events: 2,
      byType: { 'purchase.completed': 1, 'purchase.cancelled': 1 },
      withoutEvent: 0,
      badRows: 0,
    })
    expect(events[0]).toMatchObject({ subject: '13085', data: { amount: '505.30', currency: 'GBP', units: 166 } })
    // London's clocks were an hour ahead in July.
    expect(events[1]).toMatchObject({ time: '2010-07-02T08:00:00.000Z', data: { amount: '145.80' } })
  }
})

test('bad rows are named with line and reason, and the rest goes on', async () => {
  const { summary, events, bad } = await importText(
    [
      HEADER,
      '1,2009-12-01 07:45:00,purchase,1,much,1,1,UK',
      'too,few',
      '2,yesterday,purchase,2,1.00,1,1,UK',
      ...GOOD,
      '3,2009-12-01 07:45:00,return,3,1.00,1,1,UK',
      '4,2031-12-01 07:45:00,purchase,4,1.00,1,1,UK',
    ].join('\r\n'),
  )
  expect(events).toHaveLength(2)
  expect(summary).toMatchObject({ rows: 7, events: 2, withoutEvent: 1, badRows: 4 })
  expect(bad.map(({ line }) => line)).toEqual([2, 3, 4, 8])
  expect(bad[0]?.reason).toContain('amount')
  expect(bad[0]?.row).toMatchObject({ amount_gbp: 'much' })
  expect(bad[1]?.reason).toContain('columns length is 8, got 2')
  expect(bad[2]?.reason).toContain('column ts')
  expect(bad[3]?.reason).toContain('future')
})

test('a dry run stops after the first events', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => `${i},2009-12-01 07:45:00,purchase,${i},1.00,1,1,UK`)
  const { summary, events } = await importText([HEADER, ...rows].join('\n'), { most: 10 })
  expect(events).toHaveLength(10)
  expect(summary.rows).toBe(10)
})

test('columns may be padded with blanks and named by the map', async () => {
  const map = parseEventMap(`
csv: { delimiter: whitespace, columns: [id, day, cds, dollars] }
source: /cdnow
subject: "{id}"
time: { column: day, format: yyyyMMdd }
events:
  - { type: purchase.completed, id: "{id}-{#}", data: { amount: { column: dollars, as: amount }, currency: USD } }
`)
  const file = fileOf('cdnow.txt', ' 00001 19970101  1   11.77\n 00002 19970112  1\n\n 00002 19970112  5   77.00\n')
  const rows = []
  for await (const row of readRows(openFile(file), map.csv)) rows.push(row)
  expect(rows).toEqual([
    { kind: 'row', line: 1, row: { id: '00001', day: '19970101', cds: '1', dollars: '11.77' } },
    { kind: 'broken', line: 2, reason: 'expected 4 columns, got 3' },
    { kind: 'row', line: 4, row: { id: '00002', day: '19970112', cds: '5', dollars: '77.00' } },
  ])
})

test('a file that is not there, or is not gzip, is told with its path', async () => {
  const read = async (file: string) => {
    for await (const _ of readRows(openFile(file), (await onlineRetail()).csv, file));
  }
  await expect(read('/nowhere/log.csv')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  await expect(read('/nowhere/log.csv.gz')).rejects.toThrow('/nowhere/log.csv.gz')
  await expect(read(fileOf('log.csv.gz', 'plain text'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})

test('a currency without a rate is found before the first row', async () => {
  const map = await onlineRetail()
  expect(() => requireCurrencies(map, 'EUR', { USD: '0.92' })).toThrow(/GBP.*only EUR, USD/)
  requireCurrencies(map, 'EUR', RATES)
  requireCurrencies(map, 'GBP', {})
})
