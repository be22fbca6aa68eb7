import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDecoder } from '@holdfast/contracts'
import { type CustomerEvent, EMPTY_STATE, featureVector, fold, logitOf } from '@holdfast/core'
import { type Backend, loadBackend, openVersion, readVersion } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_SHOP_MONEY } from './default-shop.ts'
import type { LogRecord } from './log.ts'
import { readTrainingRecord } from './registry/training-record.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import type { Stored } from './store-trained.ts'
import { trainOnGeneratedShop, trainOnLog } from './train-and-store.ts'

const decode = createDecoder(DEFAULT_SHOP_MONEY)
const shop = { seed: 5, customers: 1_200, from: Date.UTC(2023, 6, 1), until: Date.UTC(2025, 6, 1) }
const now = Date.UTC(2026, 0, 1)

let backend: Backend
let models: string
let stored: Stored
const steps: string[] = []

beforeAll(async () => {
  backend = await loadBackend({ preferred: 'wasm' })
  models = await mkdtemp(join(tmpdir(), 'holdfast-models-'))
  stored = await trainOnGeneratedShop({
    backend,
    modelsDir: models,
    decode,
    currency: 'EUR',
    now,
    shop,
    settings: { ridges: [1_000, 300] },
    progress: (step) => steps.push(step),
  })
}, 120_000)
afterAll(() => rm(models, { recursive: true }))

describe('a model learned from a generated shop', () => {
  test('is stored as a standard model, a manifest and a report', async () => {
    expect((await readdir(stored.dir)).toSorted()).toEqual([
      'manifest.json',
      'model.json',
      'report.html',
      'report.json',
      'report.md',
      'weights.bin',
    ])
    expect(stored.manifest).toMatchObject({
      version: 'v1',
      learnedFrom: 'generated-shop',
      currency: 'EUR',
      horizonDays: 90,
    })
    expect(await readFile(join(stored.dir, 'report.md'), 'utf8')).toBe(`${stored.report.trimEnd()}\n`)
    expect(JSON.parse(await readFile(join(stored.dir, 'report.json'), 'utf8'))).toMatchObject({
      version: 'v1',
      all: { auc: stored.manifest.metrics.auc },
    })
    expect(steps.at(-1)).toContain('wrote')
  })

  test('ranks better than recency alone, not better than the posterior, and not too good to be true', () => {
    for (const { auc, aucStandardError, recencyAuc, ceilings } of [stored.trained.all, stored.trained.notLapsed]) {
      expect(auc).toBeGreaterThan(recencyAuc)
      expect(auc).toBeLessThan(ceilings!.posterior + 2 * aucStandardError)
      expect(ceilings!.posterior).toBeLessThan(ceilings!.latent)
      expect(auc).toBeLessThan(0.95)
    }
    expect(stored.trained.all.logLoss).toBeLessThan(stored.trained.all.baseLogLoss)
    expect(stored.manifest.metrics.ceilings).toEqual(stored.trained.all.ceilings)
  })

  test('keeps its bands apart, and the report names them', () => {
    const { watchLogit, atRiskLogit, marginLogit } = stored.manifest.thresholds
    expect(watchLogit).toBeLessThanOrEqual(atRiskLogit - 2 * marginLogit)
    const { watch, atRisk } = stored.trained.thresholds
    expect(watch.logit === atRisk.logit - 2 * marginLogit).toBe(!watch.kept)
    if (watch.kept) expect(watch.flagged).toBeLessThanOrEqual(0.4)
    expect(atRisk.kept).toBe(true)
    expect(atRisk.precision).toBeGreaterThanOrEqual(DEFAULT_SETTINGS.atRisk.precision)
    expect(atRisk.flagged).toBeLessThan(watch.flagged)
    expect(stored.report).toContain(atRiskLogit.toFixed(3))
    expect(stored.report).toContain('ceiling: posterior given the events alone')
  })

  test('was trained without seeing a label that was not known by the test cutoff', () => {
    const { trainingCutoffs, evaluationCutoffs } = stored.manifest
    const test = Date.parse(evaluationCutoffs[0]!)
    for (const cutoff of trainingCutoffs) expect(Date.parse(cutoff) + 90 * 86_400_000).toBeLessThanOrEqual(test)
    expect(test + 90 * 86_400_000).toBeLessThan(shop.until)
  })

  test('opens for scoring, and the live fold with plain arithmetic agrees with what it says', async () => {
    const { scorer, riskModel, manifest } = await openVersion(backend, await readVersion(stored.dir))
    expect(manifest).toEqual(stored.manifest)
    const at = Date.parse(manifest.evaluationCutoffs[0]!)
    const customers = [...generateShop(shop).customers].slice(0, 40)
    const vectors = customers.map(({ events }) => {
      const known = events.flatMap(({ role, timeMs, event }): CustomerEvent[] => {
        const decoded = decode(role, Buffer.from(JSON.stringify(event)), timeMs)
        return decoded.kind === 'event' && timeMs <= at ? [decoded.event] : []
      })
      return featureVector(known.reduce(fold, EMPTY_STATE), at)
    })
    const rows = Float32Array.from(vectors.flatMap((vector) => [...vector]))
    const { logits } = scorer.predict(rows, vectors.length)
    for (const [i, vector] of vectors.entries()) {
      expect(Math.abs(logits[i]! - logitOf(riskModel, vector))).toBeLessThan(1e-4)
    }
    scorer.dispose()
  })

  test('says what customers will be worth, from what they had bought by the last training cutoff', () => {
    const { value, trainingCutoffs } = stored.manifest
    expect(value).toMatchObject({ horizonDays: 365, yearlyDiscount: 0.1, fittedAt: trainingCutoffs.at(-1) })
    expect(value!.repeatCustomers).toBeGreaterThan(300)
    expect(value!.customers).toBeGreaterThan(value!.repeatCustomers)
    expect(stored.report).toContain(`r ${value!.bgNbd.r.toFixed(3)}`)
    expect(stored.report).toMatch(/Out of time, .* days with a purchase expected and \d+ seen/)
  })

  test('stores with its report how the training rows were spread, for drift', async () => {
    const training = await readTrainingRecord(stored.dir)
    expect(training!.features).toHaveLength(stored.manifest.features.length)
    expect(training!.score.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
  })

  test('learns the same from the same log, read as records out of order', async () => {
    const records: LogRecord[] = [...generateShop(shop).events].map(({ role, timeMs, event }) => ({
      role,
      value: Buffer.from(JSON.stringify(event)),
      recordTimeMs: timeMs,
    }))
    const topics = ['profile', 'support', 'engagement', 'purchases']
    records.sort((a, b) => topics.indexOf(a.role) - topics.indexOf(b.role))
    const again = await trainOnLog({
      backend,
      modelsDir: models,
      decode,
      currency: 'EUR',
      now,
      records,
      completeUntil: shop.until - 1,
      settings: { ridges: [1_000, 300] },
    })
    expect(again.version).toBe('v2')
    expect(again.manifest.learnedFrom).toBe('generated-shop')
    expect(again.manifest.metrics.ceilings).toBeUndefined()
    expect(again.manifest.metrics.auc).toBeCloseTo(stored.manifest.metrics.auc, 2)
    expect(again.report).not.toContain('posterior')
    expect(again.manifest.value).toEqual(stored.manifest.value)
  })
})

test('a log that is too short for an honest measurement is refused, and nothing is written', async () => {
  const short = { ...shop, until: shop.from + 200 * 86_400_000, customers: 50 }
  const attempt = trainOnGeneratedShop({
    backend,
    modelsDir: models,
    decode,
    currency: 'EUR',
    now,
    shop: short,
    version: 'v9',
  })
  await expect(attempt).rejects.toMatchObject({ code: 'too_little_data' })
  expect(await readdir(models)).not.toContain('v9')
})
