import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Backend,
  createLogisticModel,
  fromArtifacts,
  loadBackend,
  loadModel,
  type ModelArtifacts,
  saveModel,
  toArtifacts,
} from './index.ts'

let backend: Backend
let sound: ModelArtifacts

beforeAll(async () => {
  backend = await loadBackend({ forced: 'cpu' })
})

beforeEach(async () => {
  const model = createLogisticModel(backend, { kernel: [1, 2, 3], bias: -1 })
  sound = await toArtifacts(backend, model)
  model.dispose()
})

describe('damaged files are refused with a readable error, and nothing leaks', () => {
  const damages: [string, (sound: ModelArtifacts) => ModelArtifacts, string, RegExp][] = [
    ['an empty model.json', (m) => ({ ...m, modelJson: '' }), 'model_corrupt', /model\.json is not JSON/],
    ['half of model.json', (m) => ({ ...m, modelJson: m.modelJson.slice(0, 300) }), 'model_corrupt', /is not JSON/],
    ['another JSON', (m) => ({ ...m, modelJson: '{"a":1}' }), 'model_corrupt', /no modelTopology/],
    ['an array', (m) => ({ ...m, modelJson: '[]' }), 'model_corrupt', /no modelTopology/],
    [
      'weights cut off',
      (m) => ({ ...m, weights: m.weights.slice(0, 7) }),
      'model_corrupt',
      /has 7 bytes .* describes 16/,
    ],
    ['no weights', (m) => ({ ...m, weights: new Uint8Array(0) }), 'model_corrupt', /has 0 bytes/],
    ['a flipped bit', (m) => ({ ...m, weights: flip(m.weights, 2) }), 'model_corrupt', /SHA-256 differs/],
    ['NaN weights', (m) => nanWeights(m), 'model_corrupt', /not a finite number/],
    ['an unknown layer', (m) => edit(m, '"Dense"', '"Sparse"'), 'model_corrupt', /TensorFlow\.js refuses it/],
    ['a weight under another name', (m) => edit(m, 'logit/kernel', 'other/kernel'), 'model_corrupt', /refuses it/],
    [
      'quantised weights',
      (m) => edit(m, '"dtype": "float32"\n', '"dtype": "int32"\n'),
      'model_unsupported',
      /not plain float32/,
    ],
    [
      'another model',
      (m) => edit(m, 'logit', 'score'),
      'model_unsupported',
      /needs one input, one output and a layer "logit"/,
    ],
    ['two units', twoUnits, 'model_corrupt', /refuses it|cut off/],
  ]

  test.each(damages)('%s', async (_what, damage, code, message) => {
    const before = backend.tf.memory().numTensors
    await expect(fromArtifacts(backend, damage(sound), 'models/v7')).rejects.toMatchObject({
      name: 'ScorerError',
      code,
      message: expect.stringMatching(message),
    })
    if (code === 'model_unsupported') expect(backend.tf.memory().numTensors).toBe(before)
  })
})

test('the error names the place', async () => {
  await expect(fromArtifacts(backend, { ...sound, modelJson: '' }, 'models/v7')).rejects.toThrow(
    /^models\/v7 is damaged/,
  )
})

test('a folder without a model says what a model is', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-model-'))
  try {
    await expect(loadModel(backend, dir)).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining(dir),
    })
    await saveModel(backend, createLogisticModel(backend, { kernel: [1], bias: 0 }), dir)
    await writeFile(join(dir, 'weights.bin'), new Uint8Array(3))
    await expect(loadModel(backend, dir)).rejects.toMatchObject({
      code: 'model_corrupt',
      message: expect.stringContaining(dir),
    })
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('a model of other making, without our digest, still loads', async () => {
  const { userDefinedMetadata: _, ...json } = JSON.parse(sound.modelJson)
  const model = await fromArtifacts(backend, { ...sound, modelJson: JSON.stringify(json) })
  expect(model.layers).toHaveLength(2)
  model.dispose()
})

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at]! ^= 1
  return copy
}

function edit(model: ModelArtifacts, from: string, to: string): ModelArtifacts {
  expect(model.modelJson).toContain(from)
  return { ...model, modelJson: model.modelJson.replaceAll(from, to) }
}

function nanWeights(model: ModelArtifacts): ModelArtifacts {
  const { userDefinedMetadata: _, ...json } = JSON.parse(model.modelJson)
  const weights = new Uint8Array(new Float32Array([1, Number.NaN, 3, -1]).buffer)
  return { modelJson: JSON.stringify(json), weights }
}

function twoUnits(model: ModelArtifacts): ModelArtifacts {
  return edit(model, '"units": 1', '"units": 2')
}
