import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  availableBackends,
  type Backend,
  createLogisticModel,
  createScorer,
  fitLogistic,
  fromArtifacts,
  loadBackend,
  loadModel,
  readArtifacts,
  readWeights,
  saveModel,
  toArtifacts,
} from './index.ts'
import { meanLogLoss, newtonLogistic } from './newton.oracle.ts'

const FLOAT32 = 2 ** -24
const { available, refused } = await availableBackends()
const notTested = refused.map(({ name, reason }) => `${name} does not load here: ${reason}`)
console.info(`scorer backends under test: ${available.join(', ')}${notTested.map((line) => `; ${line}`).join('')}`)

test(`backends under test: ${available.join(', ')}`, () => {
  expect(available).toContain('wasm')
  expect(available).toContain('cpu')
})

describe.each(available)('on backend %s', (name) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await loadBackend({ forced: name })
  })

  test('says what it is', () => {
    expect(backend.name).toBe(name)
    expect(backend.tf.getBackend()).toBe(name === 'node' ? 'tensorflow' : name)
    expect(backend.versions).toEqual({ tfjs: '4.22.0', backend: '4.22.0', node: process.versions.node })
  })

  test.each([1, 31, 32, 33, 1_000, 4_096])(
    'predicts %i rows like plain arithmetic, within the float32 breadth',
    (n) => {
      const { rows, kernel, bias, features } = table(n, 70, n)
      const scorer = createScorer(backend, createLogisticModel(backend, { kernel, bias }))
      onTestFinished(() => scorer.dispose())
      const { logits, probabilities } = scorer.predict(Float32Array.from(rows), n)
      expect(logits).toHaveLength(n)
      for (let i = 0; i < n; i++) {
        const exact = plainLogit(rows.subarray(i * features, (i + 1) * features), kernel, bias)
        expect(Math.abs(logits[i]! - exact.logit)).toBeLessThanOrEqual(exact.breadth)
        const p = 1 / (1 + Math.exp(-exact.logit))
        expect(Math.abs(probabilities[i]! - p)).toBeLessThanOrEqual(exact.breadth / 4 + 4 * FLOAT32)
      }
    },
  )

  test('a batch gives each row what it gets alone, and a longer buffer is only read up to n', () => {
    const { rows, kernel, bias, features } = table(64, 30, 3)
    const scorer = createScorer(backend, createLogisticModel(backend, { kernel, bias }))
    onTestFinished(() => scorer.dispose())
    const buffer = Float32Array.from(rows)
    const together = scorer.score(buffer, 50)
    expect(together).toHaveLength(50)
    for (let i = 0; i < 50; i++) {
      const alone = scorer.score(buffer.subarray(i * features), 1)[0]!
      expect(Math.abs(alone - together[i]!)).toBeLessThan(1e-5)
    }
    expect(scorer.score(buffer, 0)).toHaveLength(0)
    expect(() => scorer.score(buffer, 65)).toThrow(expect.objectContaining({ code: 'shape_mismatch' }))
  })

  test('a model that does more than its two layers is refused', () => {
    const { tf } = backend
    const model = tf.sequential()
    model.add(tf.layers.dense({ name: 'before', units: 3, inputShape: [3], kernelInitializer: 'ones' }))
    model.add(tf.layers.dense({ name: 'logit', units: 1, kernelInitializer: 'ones' }))
    model.add(tf.layers.activation({ activation: 'sigmoid' }))
    onTestFinished(() => void model.dispose())
    expect(() => createScorer(backend, model)).toThrow(expect.objectContaining({ code: 'model_unsupported' }))
  })

  test('a batch is one call of the model, whatever its size', async () => {
    const { rows, kernel, bias } = table(1_000, 30, 9)
    const scorer = createScorer(backend, createLogisticModel(backend, { kernel, bias }))
    onTestFinished(() => scorer.dispose())
    const { tf } = backend
    const { kernels } = await tf.profile(() => tf.tensor1d(scorer.score(Float32Array.from(rows), 1_000)))
    expect(kernels.filter(({ name }) => name === 'BatchMatMul')).toHaveLength(1)
    expect(kernels.filter(({ name }) => name === 'Sigmoid')).toHaveLength(1)
  })

  test('extreme logits keep their order where probabilities saturate', () => {
    const scorer = createScorer(backend, createLogisticModel(backend, { kernel: [1], bias: 0 }))
    onTestFinished(() => scorer.dispose())
    const { logits, probabilities } = scorer.predict(Float32Array.of(-80, -30, 0, 30, 40, 80), 6)
    expect([...logits]).toEqual([-80, -30, 0, 30, 40, 80])
    expect(probabilities[2]).toBe(0.5)
    for (const p of probabilities) expect(p >= 0 && p <= 1).toBe(true)
  })

  test('scoring leaks no tensor', () => {
    const { rows, kernel, bias } = table(100, 30, 4)
    const scorer = createScorer(backend, createLogisticModel(backend, { kernel, bias }))
    onTestFinished(() => scorer.dispose())
    const buffer = Float32Array.from(rows)
    scorer.predict(buffer, 100)
    const before = backend.tf.memory()
    for (let i = 0; i < 50; i++) scorer.predict(buffer, 1 + i)
    expect(backend.tf.memory().numTensors).toBe(before.numTensors)
    expect(backend.tf.memory().numBytes).toBe(before.numBytes)
  })

  test('a scorer gives back everything when it is disposed of', () => {
    const before = backend.tf.memory().numTensors
    const scorer = createScorer(backend, createLogisticModel(backend, { kernel: [1, 2], bias: 3 }))
    scorer.predict(Float32Array.of(1, 2), 1)
    expect(backend.tf.memory().numTensors).toBeGreaterThan(before)
    scorer.dispose()
    expect(backend.tf.memory().numTensors).toBe(before)
  })

  test('trains to the optimum of a Newton solver in plain arithmetic, without a leak', () => {
    const { rows, labels, features } = table(3_000, 12, 5)
    const before = backend.tf.memory().numTensors
    const fit = fitLogistic(backend, { x: rows, y: labels, features }, { l2: 30, chunkRows: 700 })
    expect(backend.tf.memory().numTensors).toBe(before)
    const { mean, scale } = fit.standardisation
    const z = rows.map((value, i) => (value - mean[i % features]!) / scale[i % features]!)
    const oracle = newtonLogistic(z, labels, features, 30)
    expect(fit.converged).toBe(true)
    expect(fit.gradientNorm).toBeLessThanOrEqual(3e-6)
    const found = meanLogLoss(z, labels, features, [...fit.standardised.weights, fit.standardised.bias])
    expect(Math.abs(found - meanLogLoss(z, labels, features, oracle))).toBeLessThan(1e-6)
    expect(Math.abs(fit.logLoss - found)).toBeLessThan(1e-5)
    for (let j = 0; j < features; j++) expect(fit.standardised.weights[j]).toBeCloseTo(oracle[j]!, 4)
    expect(fit.standardised.bias).toBeCloseTo(oracle[features]!, 4)
  })

  test('folding the standardisation into the model changes no logit by more than 1e-4', () => {
    const { rows, labels, features } = table(2_000, 70, 6)
    const fit = fitLogistic(backend, { x: rows, y: labels, features }, { l2: 100 })
    const scorer = createScorer(backend, createLogisticModel(backend, fit.raw))
    onTestFinished(() => scorer.dispose())
    const { logits } = scorer.predict(Float32Array.from(rows), 2_000)
    const { mean, scale } = fit.standardisation
    for (let i = 0; i < 2_000; i++) {
      let exact = fit.standardised.bias
      for (let j = 0; j < features; j++) {
        exact += (fit.standardised.weights[j]! * (rows[i * features + j]! - mean[j]!)) / scale[j]!
      }
      expect(Math.abs(logits[i]! - exact)).toBeLessThan(1e-4)
    }
  })

  test('saves and loads, through a folder and through memory, to the same bits', async () => {
    const { rows, labels, features } = table(500, 9, 7)
    const fit = fitLogistic(backend, { x: rows, y: labels, features }, { l2: 10 })
    const model = createLogisticModel(backend, fit.raw)
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-model-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    await saveModel(backend, model, dir)
    expect(await readArtifacts(dir)).toEqual(
      await toArtifacts(backend, model).then(({ modelJson, weights }) => ({
        modelJson,
        weights: Buffer.from(weights),
      })),
    )
    const weights = readWeights(model)
    expect(weights.kernel).toEqual(Float32Array.from(fit.raw.kernel))
    const scorers = [
      createScorer(backend, model),
      createScorer(backend, await loadModel(backend, dir)),
      createScorer(backend, await fromArtifacts(backend, await readArtifacts(dir))),
    ]
    const [original, ...loaded] = scorers.map((scorer) => scorer.predict(Float32Array.from(rows), 500))
    for (const scores of loaded) expect(scores).toEqual(original)
    for (const scorer of scorers) scorer.dispose()
  })

  test('what it stores is a plain TensorFlow.js layers model, for whoever knows nothing of us', async () => {
    const { tf } = backend
    const stored = await toArtifacts(backend, createLogisticModel(backend, { kernel: [0.5, -2], bias: 1 }))
    const json = JSON.parse(stored.modelJson)
    expect(json.format).toBe('layers-model')
    expect(json.weightsManifest[0].paths).toEqual(['weights.bin'])
    const model = await tf.loadLayersModel({
      load: async () => ({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: Uint8Array.from(stored.weights).buffer,
      }),
    })
    const [p] = tf.tidy(() => {
      const output = model.predict(tf.tensor2d([[4, 1]]))
      return Array.isArray(output) ? [] : [...output.dataSync()]
    })
    expect(p).toBeCloseTo(1 / (1 + Math.exp(-1)), 6)
    model.dispose()
  })
})

test('a model saved on one backend scores the same on every other', async () => {
  const { rows, kernel, bias } = table(200, 70, 8)
  const first = await loadBackend({ forced: available[0]! })
  const model = createLogisticModel(first, { kernel, bias })
  const stored = await toArtifacts(first, model)
  model.dispose()
  const results: Float32Array[] = []
  for (const name of available) {
    const backend = await loadBackend({ forced: name })
    const scorer = createScorer(backend, await fromArtifacts(backend, stored))
    results.push(scorer.predict(Float32Array.from(rows), 200).logits)
    scorer.dispose()
  }
  for (const logits of results) {
    for (const [i, logit] of logits.entries()) expect(Math.abs(logit - results[0]![i]!)).toBeLessThan(1e-3)
  }
})

/** A table like the real one: log counts, flags, days, most of them with a mean of the size of their spread. */
function table(n: number, features: number, seed: number) {
  const uniform = generator(seed)
  const kernel = Float32Array.from({ length: features }, () => (uniform() - 0.5) * 0.6)
  const bias = Math.fround(uniform() - 0.5)
  const rows = new Float64Array(n * features)
  const labels = new Uint8Array(n)
  for (let i = 0; i < n; i++) {
    const shared = uniform()
    for (let j = 0; j < features; j++) {
      const value = shared + uniform() * 2
      rows[i * features + j] = j % 3 === 0 ? Math.log1p(value * 20) : j % 3 === 1 ? Number(value > 1.2) : value * 5
    }
    const z = plainLogit(rows.subarray(i * features, (i + 1) * features), kernel, bias).logit
    labels[i] = Number(uniform() < 1 / (1 + Math.exp(-z / 4)))
  }
  return { rows, labels, kernel, bias, features }
}

/** The model's formula in float64, and how far float32 may stray from it: one rounding for every input, product and sum. */
function plainLogit(x: Float64Array, kernel: Float32Array, bias: number) {
  const products = x.map((value, j) => value * kernel[j]!)
  const logit = products.reduce((sum, product) => sum + product, bias)
  const size = products.reduce((sum, product) => sum + Math.abs(product), Math.abs(bias))
  return { logit, breadth: (x.length + 2) * FLOAT32 * size }
}

/** mulberry32: small, seeded, good enough to make up rows. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
