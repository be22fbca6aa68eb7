import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { keyOf, openCheckpoint } from './checkpoint.ts'
import { fileOf, importFiles } from './import-fixture.ts'
import { prepareImport } from './prepare.ts'
import { fileTarget, type ImportTarget, runImport } from './run-import.ts'

const HEAD = 'source: /shop\nsubject: "{customer}"\ntime: { column: day, format: yyyy-MM-dd }\n'
const PURCHASE =
  '{ type: purchase.completed, id: "{order}", data: { amount: { column: amount, as: amount }, currency: EUR } }'
const MAP = `${HEAD}events: [${PURCHASE}]`

/** An import as the command runs it, in a folder of its own. */
async function shop(rows: readonly string[], map = MAP, env: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-run-import-'))
  const file = join(dir, 'shop.csv')
  const mapFile = join(dir, 'map.yaml')
  const out = join(dir, 'events.ndjson')
  const badFile = join(dir, 'bad.ndjson')
  writeFileSync(file, rows.join('\n'))
  writeFileSync(mapFile, map)
  const prepared = await prepareImport(mapFile, env, [file])
  const bar = { update: () => {}, end: () => {} }
  let resumedAt = 0
  const run = (breakAfter = Number.POSITIVE_INFINITY) => {
    const checkpoint = openCheckpoint(`${out}.checkpoint`, keyOf([prepared.basis]))
    let pushed = 0
    return runImport({
      files: [file],
      mapFile,
      prepared,
      badFile,
      bar,
      checkpoint,
      everyReads: 10,
      onResume({ reads }) {
        resumedAt = reads
      },
      target(saved): ImportTarget {
        const real = fileTarget(out, saved)
        return {
          ...real,
          push(event) {
            if (++pushed > breakAfter) throw new Error('power cut')
            return real.push(event)
          },
        }
      },
    })
  }
  return { dir, out, badFile, run, resumedAt: () => resumedAt }
}

const ROWS = Array.from(
  { length: 95 },
  (_, i) => `c${i % 7},2026-01-0${1 + (i % 9)},o${i},${i % 10 === 3 ? 'x' : '1.50'}`,
)
const CSV = ['customer,day,order,amount', ...ROWS]

describe('an import that was broken off', () => {
  test.each([
    ['row by row', MAP],
    ['in groups', `${HEAD}group: { by: [customer, day], sum: [amount], within: 20 }\nevents: [${PURCHASE}]`],
  ])('%s, goes on where it was and ends as one that was not', async (_, map) => {
    const whole = await shop(CSV, map)
    const summary = await whole.run()
    const broken = await shop(CSV, map)
    await expect(broken.run(40)).rejects.toThrow('power cut')
    expect(existsSync(broken.out)).toBe(false)
    await expect(broken.run(13)).rejects.toThrow('power cut')
    expect(broken.resumedAt()).toBeGreaterThan(20)
    expect(await broken.run()).toEqual(summary)
    expect(broken.resumedAt()).toBeGreaterThan(40)
    expect(readFileSync(broken.out, 'utf8')).toBe(readFileSync(whole.out, 'utf8'))
    expect(readFileSync(broken.badFile, 'utf8')).toBe(readFileSync(whole.badFile, 'utf8'))
    expect(summary.events + summary.badRows).toBeGreaterThan(60)
  })

  test('starts anew when what it noted is of another import', async () => {
    const { out } = await shop(CSV)
    openCheckpoint(out, 'one').save({
      isDone: false,
      outBytes: 1,
      badBytes: 0,
      progress: { reads: 1, rows: 1, events: 1, byType: {}, withoutEvent: 0, badRows: 0 },
    })
    expect(openCheckpoint(out, 'one').saved?.progress.reads).toBe(1)
    expect(openCheckpoint(out, 'another').saved).toBeUndefined()
    writeFileSync(out, '{"key":')
    expect(openCheckpoint(out, 'one').saved).toBeUndefined()
  })
})

describe('nothing to import', () => {
  test.each([
    ['an empty file', [], MAP, 'FILE_EMPTY', 'no row in it'],
    ['a header alone', CSV.slice(0, 1), MAP, 'FILE_EMPTY', 'no row in it'],
    ['a filter that fits nothing', CSV, `${MAP}\nwhen: { order: [p1] }`, 'MAP_MATCHES_NOTHING', 'fits any of 95 rows'],
    [
      'a column that is not there',
      CSV,
      MAP.replace('{customer}', '{who}'),
      'MAP_MATCHES_NOTHING',
      'column who: the file has none',
    ],
  ])('%s: told, and no output', async (_, rows, map, code, message) => {
    const { run, dir } = await shop(rows, map)
    await expect(run()).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    expect(readdirSync(dir).filter((name) => name.startsWith('events'))).toEqual([])
  })
})

describe('formats', () => {
  const wanted = [
    { id: 'o1', subject: 'c1', time: '2026-01-02T00:00:00.000Z', data: { amount: '12.5' } },
    { id: 'o2', subject: 'c2', data: { amount: '7' } },
  ]
  const objects = [
    { customer: 'c1', day: '2026-01-02', order: 'o1', amount: 12.5 },
    { customer: 'c2', day: '2026-01-03', order: 'o2', amount: 7, extra: null },
  ]

  test('NDJSON, packed, with a broken line between', async () => {
    const text = [JSON.stringify(objects[0]), '{"customer":', JSON.stringify(objects[1]), ''].join('\n')
    const { events, bad } = await importFiles([fileOf('a.ndjson.gz', gzipSync(text))], MAP)
    expect(events).toMatchObject(wanted)
    expect(bad).toMatchObject([{ line: 2, reason: expect.stringContaining('not JSON') }])
  })

  test('Parquet, with instants', async () => {
    const map = MAP.replace('yyyy-MM-dd', 'rfc3339')
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'customer', data: objects.map((row) => row.customer), type: 'STRING' },
        { name: 'day', data: objects.map((row) => new Date(`${row.day}T00:00:00Z`)), type: 'TIMESTAMP' },
        { name: 'order', data: objects.map((row) => row.order), type: 'STRING' },
        { name: 'amount', data: objects.map((row) => row.amount), type: 'DOUBLE' },
        { name: 'unused', data: [1, 2], type: 'INT32' },
      ],
    })
    const { events, summary } = await importFiles([fileOf('a.parquet', Buffer.from(buffer))], map)
    expect(summary).toMatchObject({ rows: 2, events: 2 })
    expect(events).toMatchObject(wanted)
    await expect(importFiles([fileOf('b.parquet', 'no parquet')], map)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    })
  })

  test('several files: ids by row number must name the file', async () => {
    const [a, b] = [fileOf('a.csv', CSV.slice(0, 2).join('\n')), fileOf('b.csv', CSV.slice(0, 2).join('\n'))]
    await expect(importFiles([a, b], MAP.replace('{order}', '{#}'))).rejects.toMatchObject({ code: 'IDS_CLASH' })
    const { events } = await importFiles([a, b], MAP.replace('{order}', '{@file}-{#}'))
    expect(events.map(({ id }) => id)).toEqual(['a.csv-1', 'b.csv-1'])
  })

  test('amounts as spreadsheets write them, and rows of a group that come too late', async () => {
    const map = `${HEAD}group: { by: [order], sum: [net], count: lines, within: 1 }
computed: { net: { multiply: [n, price] } }
events: [{ type: purchase.completed, id: "{order}", data: { amount: { column: net, as: amount }, currency: EUR, units: { column: lines, as: number } } }]`
    const rows = ['customer,day,order,n,price', 'c,2026-01-01,A,3,0.1', 'c,2026-01-01,A,1,"1,000.005"']
    const later = ['c,2026-01-01,B,1,1', 'c,2026-01-01,C,1,1', 'c,2026-01-01,A,1,5', 'c,2026-01-01,D,1,five']
    const { events, bad } = await importFiles([fileOf('a.csv', [...rows, ...later].join('\n'))], map)
    expect(events.map(({ id, data }) => [id, data.amount, data.units])).toEqual([
      ['A', '1000.305', 2],
      ['B', '1', 1],
      ['C', '1', 1],
    ])
    expect(bad.map(({ line, reason }) => [line, reason])).toEqual([
      [6, expect.stringContaining('order A: more rows')],
      [7, 'column price: expected a number, got "five"'],
    ])
  })
})
