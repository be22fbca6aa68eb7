import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FEATURE_TABLE_VERSION, FEATURES, logitOf } from '@holdfast/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type Backend,
  createLogisticModel,
  loadBackend,
  MANIFEST_FILE,
  openVersion,
  readVersion,
  readWeights,
  saveModel,
} from './index.ts'

let backend: Backend
let dir: string

beforeEach(async () => {
  backend = await loadBackend({ forced: 'wasm' })
  dir = await mkdtemp(join(tmpdir(), 'holdfast-version-'))
})
afterEach(() => rm(dir, { recursive: true }))

type Edit = (sound: ReturnType<typeof manifest>) => object

async function store(edit: Edit = (m) => m) {
  const kernel = FEATURES.map((_, i) => Math.sin(i + 1) / 10)
  const model = createLogisticModel(backend, { kernel, bias: -0.3 })
  await saveModel(backend, model, dir)
  await writeFile(join(dir, MANIFEST_FILE), JSON.stringify(edit(manifest(readWeights(model)))))
  model.dispose()
}

function manifest({ kernel, bias }: { kernel: Float32Array; bias: number }) {
  return {
    version: 'v7',
    createdAt: '2026-01-01T00:00:00.000Z',
    learnedFrom: 'log',
    featureTableVersion: FEATURE_TABLE_VERSION,
    currency: 'EUR',
    horizonDays: 90,
    thresholds: { watchLogit: -1, atRiskLogit: 0.5, marginLogit: 0.1 },
    features: FEATURES.map(({ name }, i) => ({ name, weight: kernel[i]!, mean: i, scale: 1 })),
    bias,
    ridge: 1_000,
    dataSpan: { from: '2024-01-01T00:00:00.000Z', to: '2025-12-31T00:00:00.000Z' },
    trainingCutoffs: ['2025-01-01T00:00:00.000Z'],
    evaluationCutoffs: ['2025-09-01T00:00:00.000Z'],
    metrics: { n: 10, baseRate: 0.5, auc: 0.8, logLoss: 0.5, brier: 0.2 },
  }
}

test('a version opens as a TensorFlow.js model and as plain arithmetic with the same weights', async () => {
  await store()
  const { scorer, riskModel, manifest } = await openVersion(backend, await readVersion(dir))
  const vector = Float64Array.from(FEATURES, (_, i) => (i % 5) - 1)
  const { logits } = scorer.predict(Float32Array.from(vector), 1)
  expect(logits[0]).toBeCloseTo(logitOf(riskModel, vector), 5)
  expect(riskModel).toMatchObject({ version: 'v7', horizonMs: 90 * 86_400_000, watchLogit: -1, atRiskLogit: 0.5 })
  expect(riskModel.means[3]).toBe(3)
  expect(manifest.version).toBe('v7')
  scorer.dispose()
})

test('what customers will be worth goes with the model; a manifest from before there was that opens without', async () => {
  const value = {
    ...{ horizonDays: 365, yearlyDiscount: 0.1, fittedAt: '2025-01-01T00:00:00.000Z' },
    ...{ customers: 100, repeatCustomers: 60 },
    bgNbd: { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 },
    gammaGamma: { p: 6.25, q: 3.74, gamma: 15.44 },
  }
  await store((m) => ({ ...m, value }))
  const valued = await openVersion(backend, await readVersion(dir))
  expect(valued.riskModel.valuation!.parameters).toEqual({
    buying: value.bgNbd,
    spending: value.gammaGamma,
    horizon: { weeks: 365 / 7, yearlyDiscount: 0.1 },
  })
  valued.scorer.dispose()
  await store()
  const before = await openVersion(backend, await readVersion(dir))
  expect(before.riskModel.valuation).toBeUndefined()
  before.scorer.dispose()
})

test.each<[string, Edit, string, RegExp]>([
  [
    'a later feature table',
    (m) => ({ ...m, featureTableVersion: FEATURE_TABLE_VERSION + 1 }),
    'model_unsupported',
    /holdfast train/,
  ],
  ['a missing feature', (m) => ({ ...m, features: m.features.slice(1) }), 'model_unsupported', /feature 0 is/],
  [
    'one feature more',
    (m) => ({ ...m, features: [...m.features, m.features[0]!] }),
    'model_unsupported',
    /trained on feature table/,
  ],
  ['another bias', (m) => ({ ...m, bias: 0 }), 'model_corrupt', /not those of the TensorFlow\.js model/],
  [
    'another weight',
    (m) => ({ ...m, features: m.features.map((f, i) => (i === 9 ? { ...f, weight: f.weight + 1e-6 } : f)) }),
    'model_corrupt',
    /not those of the TensorFlow\.js model/,
  ],
])('%s is refused, and nothing leaks', async (_what, edit, code, message) => {
  await store(edit)
  const before = backend.tf.memory().numTensors
  const attempt = readVersion(dir).then((version) => openVersion(backend, version))
  await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect(backend.tf.memory().numTensors).toBe(before)
})

test('a manifest that is missing or wrong is named with its file', async () => {
  await store(() => ({ version: 'v7' }))
  await expect(readVersion(dir)).rejects.toMatchObject({
    code: 'model_corrupt',
    message: expect.stringContaining(MANIFEST_FILE),
  })
  await rm(join(dir, MANIFEST_FILE))
  await expect(readVersion(dir)).rejects.toMatchObject({ code: 'model_missing', message: expect.stringContaining(dir) })
})
