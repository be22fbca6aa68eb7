import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolder } from '@holdfast/champion'
import { createDecoder } from '@holdfast/contracts'
import { loadBackend } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DEFAULT_SHOP_MONEY } from '../default-shop.ts'
import type { LogRecord } from '../log.ts'
import { openSource } from '../source/index.ts'
import { makeCandidate } from './candidate.ts'
import { someCustomersOf } from './log-span.ts'

vi.setConfig({ testTimeout: 120_000 })

const DAY = 86_400_000
const UNTIL = Date.UTC(2026, 5, 10)
const shop = generateShop({ seed: 4, customers: 500, from: UNTIL - 540 * DAY, until: UNTIL })
const records: LogRecord[] = [...shop.events].map(({ role, timeMs, event }) => ({
  role,
  value: Buffer.from(JSON.stringify(event)),
  recordTimeMs: timeMs,
}))
let readings = 0
const source = openSource({
  kind: 'records',
  name: 'a shop',
  decode: createDecoder(DEFAULT_SHOP_MONEY),
  records() {
    readings++
    return records
  },
})

let modelsDir: string
beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'holdfast-candidate-'))
})
afterEach(() => rm(modelsDir, { recursive: true }))

async function make(mostRows: number, madeAt: number) {
  const backend = await loadBackend()
  const champion = await openFolder(backend, new URL('../../../../models/v1', import.meta.url).pathname)
  const steps: string[] = []
  const progress = (step: string) => void steps.push(step)
  const common = { backend, source, champion, modelsDir, currency: 'EUR', progress }
  try {
    return { steps, candidate: await makeCandidate({ ...common, mostRows, madeAt, now: UNTIL + DAY / 2 }) }
  } finally {
    champion.scorer.dispose()
  }
}

test('a version is stored, judged on its own test window, and not trained again when its job is taken up again', async () => {
  const first = await make(200_000, 1_000)
  const { figures, packed, training } = first.candidate
  expect(figures).toMatchObject({
    version: 'v1',
    gate: { champion: 'v1', at: new Date(UNTIL - 90 * DAY).toISOString(), rows: figures.metrics.n },
  })
  expect(figures.gate.checks.find(({ name }) => name === 'unseen')).toMatchObject({ passed: true })
  expect(training).toContain('recencyDays')
  expect(readings).toBe(3)

  const again = await make(200_000, 1_000)
  expect(again.steps.join()).toContain('v1 was written by an earlier attempt')
  expect(again.candidate).toEqual({ figures, packed, training })
  await make(200_000, 2_000)
  expect((await readdir(modelsDir)).toSorted()).toEqual(['v1', 'v2'])
})

test('rows are bounded by taking some customers with all their events', async () => {
  const all = await make(200_000, 1_000)
  const some = await make(1_200, 2_000)
  expect(some.steps.join()).toContain('taking one in 2')
  expect(some.candidate.figures.metrics.n).toBeLessThan(0.65 * all.candidate.figures.metrics.n)

  const events = new Map<string, number>()
  for await (const { customerId } of source) events.set(customerId, (events.get(customerId) ?? 0) + 1)
  const taken = new Map<string, number>()
  for await (const { customerId } of someCustomersOf(source, 4)) taken.set(customerId, (taken.get(customerId) ?? 0) + 1)
  expect(taken.size / events.size).toBeCloseTo(0.25, 1)
  for (const [customerId, count] of taken) expect(events.get(customerId)).toBe(count)
})
