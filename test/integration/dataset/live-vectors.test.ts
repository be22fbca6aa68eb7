import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CustomerEvent, FEATURES, featureVector } from '@holdfast/core'
import { generateShop, type ShopEvent } from '@holdfast/simulation'
import { eventually } from '@holdfast/testing'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { expect, onTestFinished, test } from 'vitest'
import { readStoredShards } from '../../support/shards.ts'
import { cli } from '../cli/run-cli.ts'
import { type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'

showWorkersOfFailedTests()

const DAY = 86_400_000
const FROM = Date.UTC(2025, 0, 1)
const UNTIL = FROM + 260 * DAY
const HORIZON_DAYS = 45
const CUTOFFS = [FROM + 120 * DAY, FROM + 200 * DAY]

interface LoggedEvent {
  readonly role: ShopEvent['role']
  readonly key: string
  readonly value: string
  readonly type: CustomerEvent['type']
  readonly time: number
  readonly knownAt: number
}

/** A generated shop whose events of every seventh customer become known late, and where some are told twice. */
function untidyLog(): LoggedEvent[] {
  const log: LoggedEvent[] = []
  let n = 0
  for (const { role, timeMs, event } of generateShop({ seed: 7, customers: 400, from: FROM, until: UNTIL }).events) {
    n++
    const isLate = Number(event.subject.slice(event.subject.lastIndexOf('-') + 1)) % 7 === 0
    const knownAt = isLate ? timeMs + ((n * 7919) % 30) * DAY + 1 : timeMs
    const value = JSON.stringify(isLate ? { ...event, recordedtime: new Date(knownAt).toISOString() } : event)
    const logged = { role, key: event.subject, value, type: event.type, time: timeMs, knownAt }
    log.push(logged)
    if (n % 50 === 0) log.push(logged)
  }
  return log.sort((a, b) => a.knownAt - b.knownAt)
}

async function send(shop: Installation, events: readonly LoggedEvent[]): Promise<void> {
  for (let i = 0; i < events.length; i += 2_000) {
    const some = events.slice(i, i + 2_000)
    for (const role of new Set(some.map((event) => event.role))) {
      const own = some.filter((event) => event.role === role)
      await shop.produce(role, ...own.map(({ key, value }) => ({ key, value })))
    }
  }
}

/** The vectors that the pipeline holds for everybody who has bought, once it has taken so many records. */
async function liveVectors(shop: Installation, records: number, at: number): Promise<Map<string, Float64Array>> {
  // Of the actions, how many there are is the worker's own affair.
  const { purchases, support, engagement, profile } = shop.topics
  const inputs = [purchases, support, engagement, profile]
  await eventually(
    async () => {
      const stored = await readStoredShards(shop)
      const taken = stored.flatMap(({ meta }) => inputs.map((topic) => meta.offsets.get(topic) ?? 0))
      expect(taken.reduce((sum, offset) => sum + offset, 0)).toBe(records)
      return true
    },
    { timeoutMs: 90_000, everyMs: 200 },
  )
  // Read anew: a shard's states were read before its offsets.
  const shards = await readStoredShards(shop)
  const vectors = new Map<string, Float64Array>()
  for (const { states } of shards) {
    for (const [id, state] of states) {
      if (state.purchases !== undefined && !state.erased) vectors.set(id, featureVector(state, at))
    }
  }
  return vectors
}

type Row = Readonly<Record<string, unknown>>

async function rowsIn(path: string): Promise<Row[]> {
  return parquetReadObjects({ file: await asyncBufferFromFile(path) })
}

function expectSame(rows: readonly Row[], cutoff: number, live: ReadonlyMap<string, Float64Array>): void {
  const ours = rows.filter((row) => row.cutoff instanceof Date && row.cutoff.getTime() === cutoff)
  expect(ours.map((row) => row.customer_id).sort()).toEqual([...live.keys()].sort())
  const differences: string[] = []
  for (const row of ours) {
    const vector = live.get(String(row.customer_id))!
    for (const [f, { name }] of FEATURES.entries()) {
      const [own, held] = [Number(row[name]), vector[f]!]
      const isSame = Number.isInteger(held) ? own === held : Math.abs(own - held) <= 1e-9 * Math.max(1, Math.abs(held))
      if (!isSame) differences.push(`${row.customer_id} ${name}: ${own} in the dataset, ${held} live`)
    }
  }
  expect(differences).toEqual([])
}

test('the vectors in a dataset, from files and from the topics, are those that the live pipeline held at that instant', {
  timeout: 300_000,
}, async () => {
  const log = untidyLog()
  const shop = await install({ partitions: 3, env: { CURRENCY_RATES: 'GBP=1.17,USD=0.92' } })
  onTestFinished(() => shop.close())
  await shop.runWorker()

  const live: Map<string, Float64Array>[] = []
  let sent = 0
  for (const cutoff of [...CUTOFFS, Number.POSITIVE_INFINITY]) {
    const until = log.findIndex(({ knownAt }) => knownAt > cutoff)
    const end = until < 0 ? log.length : until
    await send(shop, log.slice(sent, end))
    sent = end
    live.push(await liveVectors(shop, sent, Math.min(cutoff, UNTIL)))
  }
  expect(sent).toBe(log.length)
  expect(live[0]!.size).toBeGreaterThan(150)
  expect(live[1]!.size).toBeGreaterThan(live[0]!.size)

  const dir = mkdtempSync(join(tmpdir(), 'holdfast-dataset-'))
  const events = join(dir, 'events.ndjson')
  const shuffled = log.map((event, i) => ({ event, key: (i * 7919) % 10_007 })).sort((a, b) => a.key - b.key)
  const ask = (source: string, out: string) => {
    const cutoffs = CUTOFFS.map((at) => new Date(at).toISOString()).join(',')
    return cli(
      ['dataset', '--events', source, '--cutoffs', cutoffs, '--horizon', `${HORIZON_DAYS}d`, '--out', out, '--json'],
      { ...shop.env },
    )
  }

  const file = join(dir, 'rows.parquet')
  // Shuffled, what is told twice would lie too far apart for the ring of ids, as it would live: here each is told once.
  writeFileSync(events, [...new Set(shuffled.map(({ event }) => event.value))].join('\n'))
  const fromFile = await ask(events, file)
  expect(fromFile.code, fromFile.stderr).toBe(0)
  const folder = join(dir, 'parts.parquet')
  const [one, other] = await Promise.all([ask('kafka', folder), ask('kafka', folder)])
  expect([one.code, other.code], one.stderr + other.stderr).toEqual([0, 0])
  const parts = readdirSync(folder).filter((name) => name.endsWith('.parquet'))
  expect(parts).toHaveLength(3)
  const written = [one, other].map(({ stdout }) => JSON.parse(stdout).writtenHere)
  expect(written[0] + written[1]).toBeGreaterThanOrEqual(3)

  const rows = await rowsIn(file)
  const partRows = (await Promise.all(parts.map((name) => rowsIn(join(folder, name))))).flat()
  for (const [i, cutoff] of CUTOFFS.entries()) {
    expectSame(rows, cutoff, live[i]!)
    expectSame(partRows, cutoff, live[i]!)
  }

  const churned = (id: unknown, cutoff: number) =>
    !log.some(
      ({ key, type, time }) =>
        key === id && type === 'purchase.completed' && time > cutoff && time <= cutoff + HORIZON_DAYS * DAY,
    )
  for (const row of [...rows, ...partRows]) {
    const cutoff = row.cutoff instanceof Date ? row.cutoff.getTime() : Number.NaN
    expect(row.label, String(row.customer_id)).toBe(churned(row.customer_id, cutoff) ? 1 : 0)
  }

  // What is there is not done again; a part that is missing is.
  const before = readFileSync(join(folder, parts[0]!))
  rmSync(join(folder, parts[0]!))
  const resumed = await ask('kafka', folder)
  expect(JSON.parse(resumed.stdout)).toMatchObject({ writtenHere: 1, parts: 3 })
  expect(readFileSync(join(folder, parts[0]!)).equals(before)).toBe(true)
  const different = await cli(
    ['dataset', '--events', 'kafka', '--cutoffs', '2025-05-01', '--horizon', '45d', '--out', folder],
    { ...shop.env },
  )
  expect(different).toMatchObject({ code: 1, stderr: expect.stringContaining('DATASET_DIFFERS') })
})
