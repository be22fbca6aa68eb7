import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CustomerEvent } from '@holdfast/core'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'
import type { EventSource } from '../source/event-source.ts'
import { buildRows } from './build-rows.ts'
import { FEATURE_NAMES } from './snapshots.ts'
import { writeDataset } from './write-dataset.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 0, 1)
const CUSTOMERS = 6_400

/** Enough customers that three cutoffs need more than one row group. */
function log(): CustomerEvent[] {
  const events: CustomerEvent[] = []
  for (let c = 0; c < CUSTOMERS; c++) {
    for (let i = 0; i < 3; i++) {
      const time = START + Math.floor((((c * 37 + i * 101) % 100) / 100) * 99 * DAY) + c
      const customerId = c === 0 ? 'a "quoted", id\n' : `cust-${c}`
      const event = { type: 'purchase.completed', customerId, time, knownAt: time, idHash: c * 10 + i + 1 } as const
      events.push({ ...event, amountMinor: 100 + ((c * 7 + i) % 977) })
    }
  }
  return events
}

function sourceOf(events: readonly CustomerEvent[]): EventSource {
  return {
    name: 'a test',
    counts: () => {
      throw new Error('not asked for')
    },
    async *[Symbol.asyncIterator]() {
      yield* events
    },
  }
}

const REQUEST = { cutoffs: [START + 40 * DAY, START + 60 * DAY, START + 69 * DAY], horizonMs: 30 * DAY }
const folder = () => mkdtempSync(join(tmpdir(), 'holdfast-dataset-'))

test('Parquet and CSV hold the same rows as memory, to the bit', async () => {
  const events = log()
  const dir = folder()
  const rows = await buildRows({ ...REQUEST, events })
  const splitAt = START + 69 * DAY
  const made = await writeDataset({ ...REQUEST, splitAt, source: sourceOf(events), out: join(dir, 'rows.parquet') })
  await writeDataset({ ...REQUEST, splitAt, source: sourceOf(events), out: join(dir, 'rows.csv') })
  expect(made).toMatchObject({ rows: rows.labels.length, events: events.length, until: rows.until })
  expect(made.byCutoff.map(({ cutoff }) => cutoff)).toEqual(['2025-02-10', '2025-03-02', '2025-03-11'])

  const file = await asyncBufferFromFile(join(dir, 'rows.parquet'))
  const metadata = await parquetMetadataAsync(file)
  expect(metadata.row_groups.length).toBeGreaterThan(1)
  expect(metadata.key_value_metadata).toContainEqual({ key: 'holdfast.horizonDays', value: '30' })
  const read: Record<string, unknown>[] = await parquetReadObjects({ file })
  const text = readFileSync(join(dir, 'rows.csv'), 'utf8').replaceAll('"a ""quoted"", id\n"', 'Q')
  const lines = text.trimEnd().split('\n')
  expect(lines[0]).toBe(`customer_id,cutoff,label,split,${FEATURE_NAMES.join(',')}`)
  expect(lines).toHaveLength(read.length + 1)
  const different: string[] = []
  for (const [i, row] of read.entries()) {
    const cutoff = rows.cutoffs[i]!
    const vector = [...rows.vectors.subarray(i * FEATURE_NAMES.length, (i + 1) * FEATURE_NAMES.length)]
    const split = cutoff >= splitAt ? 'test' : cutoff + REQUEST.horizonMs <= splitAt ? 'train' : 'gap'
    const wanted = [new Date(cutoff).toISOString(), String(rows.labels[i]), split].join()
    const { customer_id, cutoff: at, label, split: part } = row
    const cells = lines[i + 1]!.split(',')
    const isSame =
      customer_id === rows.customerIds[i] &&
      at instanceof Date &&
      [at.toISOString(), label, part].join() === wanted &&
      cells.slice(1, 4).join() === wanted &&
      vector.every((value, f) => row[FEATURE_NAMES[f]!] === value && Number(cells[4 + f]) === value)
    if (!isSame) different.push(`row ${i}: ${lines[i + 1]}`)
  }
  expect(different).toEqual([])
}, 60_000)

test.each([
  ['an empty log', [], {}, 'LOG_EMPTY'],
  ['a window past the end', log(), { cutoffs: [START + 95 * DAY] }, 'LABEL_LEAKS_PAST_END'],
  [
    'a cutoff at which nobody had bought lately',
    log(),
    { population: { kind: 'active', withinMs: 1 } },
    'NOBODY_IN_POPULATION',
  ],
  ['an ending that says no format', log(), { out: 'rows.txt' }, 'OUT_FORMAT_UNKNOWN'],
] as const)('%s leaves no file behind', async (_, events, change, code) => {
  const dir = folder()
  const request = { ...REQUEST, source: sourceOf(events), ...change }
  const out = join(dir, 'out' in change ? change.out : 'rows.parquet')
  await expect(writeDataset({ ...request, out })).rejects.toMatchObject({ code })
  expect(readdirSync(dir)).toEqual([])
})

test('an error in the midst of writing leaves no file behind', async () => {
  const dir = folder()
  const events = log()
  const absurd = {
    ...events[0]!,
    customerId: 'zzz',
    amountMinor: Number.NaN,
    idHash: 999_999,
    time: START,
    knownAt: START,
  }
  const source = sourceOf([...events, absurd as CustomerEvent])
  await expect(writeDataset({ ...REQUEST, source, out: join(dir, 'rows.csv') })).rejects.toMatchObject({
    code: 'FEATURE_NOT_FINITE',
    message: expect.stringContaining('customer zzz'),
  })
  expect(readdirSync(dir)).toEqual([])
})
