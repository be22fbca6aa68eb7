import { createDecoder } from '@holdfast/contracts'
import { openSource, writeDataset } from '@holdfast/trainer'
import { z } from 'zod'

/** One dataset, measured: the process's own peak of resident memory, and seconds from the first byte to the file's name. */
const { events, out, cutoffs, horizonMs } = z
  .object({ events: z.string(), out: z.string(), cutoffs: z.array(z.number()), horizonMs: z.number() })
  .parse(JSON.parse(process.argv[2] ?? '{}'))

const decode = createDecoder({ base: 'EUR', rates: { GBP: '1.17', USD: '0.92' } })
const usedBefore = process.cpuUsage()
const startedAt = performance.now()
const source = openSource({ kind: 'files', files: [events], decode, now: Date.now() })
const written = await writeDataset({ source, out, cutoffs, horizonMs })
const { user, system } = process.cpuUsage(usedBefore)
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - startedAt) / 1_000,
    processorSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    events: written.events,
    customers: written.customers,
    rows: written.rows,
  }),
)
