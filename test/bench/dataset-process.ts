import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createDecoder } from '@holdfast/contracts'
import { type EventSource, openSource, writeDataset } from '@holdfast/trainer'
import { z } from 'zod'

/**
 * One dataset, measured: seconds from the first byte to the file's name, the process's own peak of resident memory, and what is
 * alive at the end of the log, when states are at their largest: the peak holds garbage as well, more or less as the
 * collector finds time.
 */
const { events, out, cutoffs, horizonMs } = z
  .object({ events: z.string(), out: z.string(), cutoffs: z.array(z.number()), horizonMs: z.number() })
  .parse(JSON.parse(process.argv[2] ?? '{}'))

const decode = createDecoder({ base: 'EUR', rates: { GBP: '1.17', USD: '0.92' } })
const usedBefore = process.cpuUsage()
const startedAt = performance.now()
const log = openSource({ kind: 'files', files: [events], decode, now: Date.now() })
let aliveBytes = 0
const source: EventSource = {
  ...log,
  async *[Symbol.asyncIterator]() {
    yield* log
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    aliveBytes = heapUsed + arrayBuffers
  },
}
const written = await writeDataset({ source, out, cutoffs, horizonMs })
const { user, system } = process.cpuUsage(usedBefore)
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - startedAt) / 1_000,
    processorSeconds: (user + system) / 1e6,
    aliveBytes,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    events: written.events,
    customers: written.customers,
    rows: written.rows,
  }),
)
