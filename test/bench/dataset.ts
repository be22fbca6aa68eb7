import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repositoryRoot, type Say } from '@holdfast/local'
import { DEFAULT_POPULATION, generateShop, type Population } from '@holdfast/simulation'
import { z } from 'zod'
import type { Row } from './table.ts'

/** A log to a dataset with six cutoffs: seconds and peak memory, and the same with half of the events of the same customers. */

const DAY_MS = 86_400_000
const FROM = Date.UTC(2024, 0, 1)
const DAYS = 540
const HORIZON_DAYS = 90
const CUTOFFS = [300, 330, 360, 390, 420, 450]
const TARGET_SECONDS = 60
/**
 * How much more may be alive after twice the events of the same customers. Not quite nothing: with more events more customers
 * fill their rings of eight ids and change between two cutoffs, up to a bound for each. What kept events would be at 2.
 */
const TARGET_GROWTH = 1.25

export interface DatasetBenchOptions {
  readonly events: number
  readonly customers: number
  readonly say: Say
}

/** The same people, livelier: visits and mails for each purchase are what makes a log long. */
function livelier(factor: number): Population {
  const { visits, opens } = DEFAULT_POPULATION
  return {
    ...DEFAULT_POPULATION,
    visits: { ...visits, meanPerDay: visits.meanPerDay * factor },
    opens: { ...opens, meanPerDay: opens.meanPerDay * factor },
  }
}

/** Rows for the table of `npm run bench`. Needs no Kafka and no Redis; the logs lie in a folder of its own meanwhile. */
export async function measureDataset({ events, customers, say }: DatasetBenchOptions): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-dataset-'))
  try {
    say(`dataset: writing a log of ${events} events`)
    const whole = join(dir, 'whole.ndjson')
    const half = join(dir, 'half.ndjson')
    await writeLogs(whole, half, { events, customers })
    say('dataset: half of the log')
    const halved = await runDataset(half, join(dir, 'half.parquet'))
    say('dataset: the whole log')
    const full = await runDataset(whole, join(dir, 'whole.parquet'))
    const mib = (bytes: number) => bytes / 2 ** 20
    return [
      {
        name: `dataset, ${CUTOFFS.length} cutoffs`,
        value: full.seconds,
        unit: 's',
        digits: 1,
        target: { below: TARGET_SECONDS },
        note: `${full.events} events of ${full.customers} customers to ${full.rows} rows; ${full.processorSeconds.toFixed(1)} s of processor; log ${mib(statSync(whole).size).toFixed(0)} MiB`,
      },
      {
        name: 'dataset, alive at the end of the log',
        value: mib(full.aliveBytes),
        unit: 'MiB',
        note: `${full.events} events; resident at the peak, garbage included ${mib(full.peakBytes).toFixed(0)} MiB`,
      },
      {
        name: 'dataset, alive after half as many',
        value: mib(halved.aliveBytes),
        unit: 'MiB',
        note: `${halved.events} events of ${halved.customers} customers; resident ${mib(halved.peakBytes).toFixed(0)} MiB`,
      },
      {
        name: 'dataset, memory of twice the events',
        value: full.aliveBytes / halved.aliveBytes,
        unit: 'times',
        digits: 2,
        target: { atMost: TARGET_GROWTH },
        note: 'the same customers',
      },
    ]
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Both logs have the same customers and all that they bought, said and complained of; the half lacks visits and mails. */
async function writeLogs(whole: string, half: string, { events, customers }: { events: number; customers: number }) {
  const population = livelier(Math.max(1, events / customers / 6))
  const shop = generateShop({ seed: 5, customers, from: FROM, until: FROM + DAYS * DAY_MS, population })
  let needed = 0
  let spare = 0
  for (const { role } of shop.events) role === 'engagement' ? spare++ : needed++
  const shareFor = (wanted: number) => Math.min(1, Math.max(0, (wanted - needed) / spare))
  const logs = [
    { out: createWriteStream(whole), share: shareFor(events) },
    { out: createWriteStream(half), share: shareFor(events / 2) },
  ]
  let n = 0
  for (const { role, event } of shop.events) {
    const isSpare = role === 'engagement'
    if (isSpare) n++
    for (const { out, share } of logs) {
      // Spread evenly: one is kept whenever the share that is due has grown by one.
      if (isSpare && Math.floor(n * share) === Math.floor((n - 1) * share)) continue
      if (!out.write(`${JSON.stringify(event)}\n`)) await once(out, 'drain')
    }
  }
  await Promise.all(
    logs.map(({ out }) => {
      out.end()
      return once(out, 'close')
    }),
  )
}

const measuredSchema = z.object({
  seconds: z.number(),
  processorSeconds: z.number(),
  aliveBytes: z.number(),
  peakBytes: z.number(),
  events: z.number(),
  customers: z.number(),
  rows: z.number(),
})

/** One process each, or the second would start with what the first left behind. */
async function runDataset(events: string, out: string): Promise<z.output<typeof measuredSchema>> {
  const script = fileURLToPath(new URL('dataset-process.ts', import.meta.url))
  const cutoffs = CUTOFFS.map((day) => FROM + day * DAY_MS)
  const order = JSON.stringify({ events, out, cutoffs, horizonMs: HORIZON_DAYS * DAY_MS })
  const child = spawn(process.execPath, [...process.execArgv, script, order], {
    cwd: repositoryRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the dataset's process ended with ${code}`)
  return measuredSchema.parse(JSON.parse(text))
}
