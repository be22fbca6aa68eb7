import { beforeAll, expect, test } from 'vitest'
import { type Backend, loadBackend } from './backend.ts'
import { fitLogistic, penalisedLogLoss } from './fit.ts'
import { meanLogLoss, newtonLogistic } from './newton.oracle.ts'

let backend: Backend
beforeAll(async () => {
  backend = await loadBackend({ forced: 'wasm' })
})

const wave = (i: number) => Math.sin(i * 12.9898) * 1.7 + Math.cos(i * 78.233)

function data(n: number, features: number) {
  const x = Float64Array.from({ length: n * features }, (_, i) => wave(i + 1))
  const y = Uint8Array.from({ length: n }, (_, i) => Number(x[i * features]! + wave(i * 7 + 3) > 0.4))
  return { x, y, features }
}

test('the gradient is that of finite differences', () => {
  const { tf } = backend
  const { x, y, features } = data(200, 5)
  const weights = Float32Array.from({ length: 200 }, (_, i) => 0.5 + (i % 3))
  const chunks = [0, 1].map((half) => ({
    x: tf.tensor2d(Float32Array.from(x.subarray(half * 500, half * 500 + 500)), [100, features]),
    y: tf.tensor1d(Float32Array.from(y.subarray(half * 100, half * 100 + 100))),
    weights: tf.tensor1d(weights.subarray(half * 100, half * 100 + 100)),
  }))
  const theta = Float64Array.of(0.3, -0.2, 0.1, 0.7, -0.4, 0.25)
  const { gradient } = penalisedLogLoss(tf, chunks, theta, 3)
  for (let j = 0; j < theta.length; j++) {
    const at = (shift: number) => {
      const moved = theta.slice()
      moved[j]! += shift
      return penalisedLogLoss(tf, chunks, moved, 3).value
    }
    const h = 2 ** -6
    // Fourth order, because float32 values forbid a small step.
    const numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    expect(Math.abs(gradient[j]! - numeric)).toBeLessThan(1e-2)
    expect(Math.abs(gradient[j]!)).toBeGreaterThan(0.5)
  }
  for (const chunk of chunks) tf.dispose([chunk.x, chunk.y, chunk.weights])
})

test('correlated, badly scaled and constant features do no harm', () => {
  const { x: base, y } = data(2_000, 3)
  const features = 6
  const x = new Float64Array(2_000 * features)
  for (let i = 0; i < 2_000; i++) {
    const [a, b, c] = [base[i * 3]!, base[i * 3 + 1]!, base[i * 3 + 2]!]
    x.set([a * 1e6 + 3e6, a * 0.999 + b * 0.001, b * 1e-6, c, 42, Number(c > 3)], i * features)
  }
  const fit = fitLogistic(backend, { x, y, features }, { l2: 1 })
  const { mean, scale } = fit.standardisation
  const z = x.map((value, i) => (value - mean[i % features]!) / scale[i % features]!)
  const oracle = newtonLogistic(z, y, features, 1)
  expect(fit.converged).toBe(true)
  expect(fit.standardised.weights[4]).toBe(0)
  expect(fit.logLoss).toBeCloseTo(meanLogLoss(z, y, features, oracle), 5)
})

test('a row of weight three counts as three rows', () => {
  const { x, y, features } = data(400, 4)
  const weights = Uint8Array.from({ length: 400 }, (_, i) => (i < 100 ? 3 : 1))
  const fit = fitLogistic(backend, { x, y, weights, features }, { l2: 0 })
  const times = [...Array(400).keys()].flatMap((i) => Array<number>(weights[i]!).fill(i))
  const repeated = Float64Array.from(times.flatMap((i) => [...x.subarray(i * features, (i + 1) * features)]))
  const again = fitLogistic(backend, { x: repeated, y: times.map((i) => y[i]!), features }, { l2: 0 })
  for (let j = 0; j < features; j++) expect(fit.raw.kernel[j]).toBeCloseTo(again.raw.kernel[j]!, 3)
  expect(fit.raw.bias).toBeCloseTo(again.raw.bias, 3)
})

test('a stronger ridge shrinks the weights and leaves the base rate alone', () => {
  const { x, y, features } = data(1_000, 4)
  const size = (l2: number) =>
    fitLogistic(backend, { x, y, features }, { l2 }).standardised.weights.reduce((s, w) => s + w * w, 0)
  expect(size(1)).toBeGreaterThan(size(100))
  const flat = fitLogistic(backend, { x, y, features }, { l2: 1e9 })
  const rate = y.reduce((sum: number, label) => sum + label, 0) / 1_000
  expect(1 / (1 + Math.exp(-flat.standardised.bias))).toBeCloseTo(rate, 5)
})

test('separable classes converge under a ridge, and stop at the limit without one', () => {
  const x = Float32Array.of(-2, -1, 1, 2)
  const y = [0, 0, 1, 1]
  expect(fitLogistic(backend, { x, y, features: 1 }, { l2: 0.1 }).converged).toBe(true)
  const endless = fitLogistic(backend, { x, y, features: 1 }, { l2: 0, maxIterations: 5, tolerance: 1e-12 })
  expect(endless.converged).toBe(false)
  expect(endless.iterations).toBeLessThanOrEqual(5)
})

test('a feature that hardly varied in training decides nothing about rows where it does', () => {
  const { x: base, y } = data(2_000, 2)
  const features = 3
  const x = new Float64Array(2_000 * features)
  for (let i = 0; i < 2_000; i++) x.set([base[2 * i]!, base[2 * i + 1]!, i === 7 ? 0.01 : 0], i * features)
  const weightOfOne = (smallestScale: number) =>
    Math.abs(fitLogistic(backend, { x, y, features }, { l2: 10, smallestScale }).raw.kernel[2]!)
  expect(weightOfOne(0)).toBeGreaterThan(50)
  expect(weightOfOne(0.1)).toBeLessThan(0.1)
})

test('starting from a neighbour takes fewer steps to the same place', () => {
  const { x, y, features } = data(2_000, 8)
  const near = fitLogistic(backend, { x, y, features }, { l2: 10 })
  const cold = fitLogistic(backend, { x, y, features }, { l2: 8 })
  const warm = fitLogistic(backend, { x, y, features }, { l2: 8, start: near.standardised })
  expect(warm.iterations).toBeLessThanOrEqual(cold.iterations)
  expect(warm.logLoss).toBeCloseTo(cold.logLoss, 5)
})

test.each([
  ['a missing value', { x: [1, 2, 3], y: [0, 1], features: 2 }, /call for 4 values, there are 3/],
  ['a value that is not finite', { x: [1, 2, Number.NaN, 4], y: [0, 1], features: 2 }, /row 1, feature 0 is NaN/],
  ['one class only', { x: [1, 2], y: [1, 1], features: 1 }, /same label/],
  ['no rows', { x: [], y: [], features: 1 }, /same label/],
  ['weights that do not match', { x: [1, 2], y: [0, 1], weights: [1], features: 1 }, /1 row weights/],
])('refuses %s', (_what, { x, ...rest }, message) => {
  expect(() => fitLogistic(backend, { x: Float64Array.from(x), ...rest }, { l2: 1 })).toThrow(
    expect.objectContaining({ code: 'training_data', message: expect.stringMatching(message) }),
  )
})
