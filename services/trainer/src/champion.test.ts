import { createDecoder } from '@holdfast/contracts'
import { type CustomerEvent, FEATURES } from '@holdfast/core'
import { listVersions, loadBackend, openVersion, readVersion } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { expect, test } from 'vitest'
import { buildRows } from './dataset/rows.ts'
import { featureColumn } from './dataset/table.ts'
import { DEFAULT_SHOP_MONEY } from './default-shop.ts'
import { auc, logLoss } from './metrics/index.ts'

const models = new URL('../../../models/', import.meta.url).pathname
const DAY_MS = 86_400_000

test('the newest model in the archive fits the feature table of today and ranks a shop that it never saw', async () => {
  const newest = (await listVersions(models)).at(-1)
  expect(newest, 'models/ holds no version; run `holdfast train`').toBeDefined()
  const backend = await loadBackend()
  const { scorer, manifest } = await openVersion(backend, await readVersion(`${models}${newest}`))

  const decode = createDecoder(DEFAULT_SHOP_MONEY)
  const shop = generateShop({ seed: 99, customers: 800, from: Date.UTC(2024, 0, 1), until: Date.UTC(2025, 10, 1) })
  function* events(): Generator<CustomerEvent> {
    for (const { role, timeMs, event } of shop.events) {
      const decoded = decode(role, Buffer.from(JSON.stringify(event)), timeMs)
      if (decoded.kind === 'event') yield decoded.event
    }
  }
  const horizonMs = manifest.horizonDays * DAY_MS
  const cutoff = Date.UTC(2025, 10, 1) - horizonMs - DAY_MS
  const [rows] = await buildRows({ events: events(), cutoffs: [cutoff], horizonMs })
  const { logits, probabilities } = scorer.predict(rows!.x, rows!.y.length)
  scorer.dispose()

  const recency = featureColumn({ ...rows!, features: FEATURES.length }, 'recencyDays')
  const baseRate = rows!.y.reduce((sum: number, label) => sum + label, 0) / rows!.y.length
  expect(auc(logits, rows!.y)).toBeGreaterThan(auc(recency, rows!.y) + 0.01)
  expect(logLoss(probabilities, rows!.y)).toBeLessThan(
    0.8 * logLoss(new Float64Array(rows!.y.length).fill(baseRate), rows!.y),
  )
  const best = rows!.customers.map((id) => shop.customer(id)!.posterior(cutoff, horizonMs)!)
  expect(auc(logits, rows!.y)).toBeGreaterThan(auc(best, rows!.y) - 0.04)
}, 60_000)
