import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { io } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Backend } from './backend.ts'
import { reasonOf, ScorerError } from './errors.ts'
import { featureCount, logitLayer, readWeights } from './model.ts'

/**
 * A stored model: TensorFlow.js's own two files, `model.json` and `weights.bin`, as bytes. They can lie in a folder, in
 * Redis or behind a URL; any TensorFlow.js program can load them.
 */
export interface ModelArtifacts {
  /** Text of `model.json`. */
  readonly modelJson: string
  /** Bytes of `weights.bin`. */
  readonly weights: Uint8Array
}

export const MODEL_FILE = 'model.json'
export const WEIGHTS_FILE = 'weights.bin'

/** Turns a model into its two files. The JSON carries a SHA-256 of the weights, so that a flipped bit is noticed. */
export async function toArtifacts({ tf }: Backend, model: LayersModel): Promise<ModelArtifacts> {
  let saved: io.ModelArtifacts | undefined
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) }
    }),
  )
  if (saved?.weightData === undefined) throw new ScorerError('model_unsupported', 'the model has no weights to save')
  const weights = new Uint8Array(tf.io.CompositeArrayBuffer.join(saved.weightData))
  const json = {
    format: saved.format,
    generatedBy: saved.generatedBy,
    convertedBy: null,
    modelTopology: saved.modelTopology,
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: saved.weightSpecs }],
    userDefinedMetadata: { weightsSha256: sha256(weights) },
  }
  return { modelJson: `${JSON.stringify(json, null, 2)}\n`, weights }
}

/**
 * Loads a model from its two files, on whatever backend is current.
 *
 * @throws ScorerError `model_corrupt` when the files are damaged or do not belong together, `model_unsupported` when they are
 *   sound but not a churn model. `origin` names the place in the message.
 */
export async function fromArtifacts(
  { tf }: Backend,
  { modelJson, weights }: ModelArtifacts,
  origin = 'the stored model',
): Promise<LayersModel> {
  const artifacts = parseModelJson(modelJson, weights, origin)
  let model: LayersModel
  try {
    model = await tf.loadLayersModel({ load: async () => artifacts })
  } catch (error) {
    throw corrupt(origin, `TensorFlow.js refuses it: ${reasonOf(error)}`, error)
  }
  try {
    logitLayer(model)
    featureCount(model)
    const { kernel, bias } = readWeights(model)
    if (!kernel.every(Number.isFinite) || !Number.isFinite(bias))
      throw corrupt(origin, 'a weight is not a finite number')
    return model
  } catch (error) {
    model.dispose()
    throw error
  }
}

/** Writes `model.json` and `weights.bin` into `dir`, which is made if need be. */
export async function saveModel(backend: Backend, model: LayersModel, dir: string): Promise<void> {
  const { modelJson, weights } = await toArtifacts(backend, model)
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, WEIGHTS_FILE), weights)
  await writeFile(join(dir, MODEL_FILE), modelJson)
}

/** Reads the two files of a folder. @throws ScorerError `model_missing` */
export async function readArtifacts(dir: string): Promise<ModelArtifacts> {
  try {
    const [modelJson, weights] = await Promise.all([
      readFile(join(dir, MODEL_FILE), 'utf8'),
      readFile(join(dir, WEIGHTS_FILE)),
    ])
    return { modelJson, weights }
  } catch (error) {
    throw new ScorerError(
      'model_missing',
      `${dir} holds no readable model (${reasonOf(error)}); a model is a ${MODEL_FILE} with a ${WEIGHTS_FILE}, as \`holdfast train\` writes them`,
      error,
    )
  }
}

/** `readArtifacts`, then `fromArtifacts`. */
export async function loadModel(backend: Backend, dir: string): Promise<LayersModel> {
  return fromArtifacts(backend, await readArtifacts(dir), dir)
}

function parseModelJson(modelJson: string, weights: Uint8Array, origin: string): io.ModelArtifacts {
  let parsed: unknown
  try {
    parsed = JSON.parse(modelJson)
  } catch (error) {
    throw corrupt(origin, `${MODEL_FILE} is not JSON: ${reasonOf(error)}`, error)
  }
  if (!isRecord(parsed) || !isRecord(parsed.modelTopology) || !Array.isArray(parsed.weightsManifest)) {
    throw corrupt(origin, `${MODEL_FILE} has no modelTopology or no weightsManifest`)
  }
  const weightSpecs = parsed.weightsManifest.flatMap((group: unknown) => weightSpecsOf(group, origin))
  const expected = weightSpecs.reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1),
    0,
  )
  if (weights.byteLength !== expected) {
    throw corrupt(
      origin,
      `${WEIGHTS_FILE} has ${weights.byteLength} bytes where ${MODEL_FILE} describes ${expected}; one of them is cut off or from another version`,
    )
  }
  const metadata = parsed.userDefinedMetadata
  const digest = isRecord(metadata) ? metadata.weightsSha256 : undefined
  if (digest !== undefined && digest !== sha256(weights)) {
    throw corrupt(
      origin,
      `the bytes of ${WEIGHTS_FILE} are not those that ${MODEL_FILE} was written with (SHA-256 differs)`,
    )
  }
  // A copy, because a Node buffer may be a window into a larger pool.
  return { modelTopology: parsed.modelTopology, weightSpecs, weightData: Uint8Array.from(weights).buffer }
}

interface Float32Spec {
  name: string
  shape: number[]
  dtype: 'float32'
}

function weightSpecsOf(group: unknown, origin: string): Float32Spec[] {
  if (!isRecord(group) || !Array.isArray(group.weights)) throw corrupt(origin, 'its weightsManifest lists no weights')
  return group.weights.map((spec: unknown) => {
    if (!isRecord(spec) || typeof spec.name !== 'string' || !isShape(spec.shape)) {
      throw corrupt(origin, 'a weight has no name or no shape')
    }
    if (spec.dtype !== 'float32' || spec.quantization !== undefined) {
      throw new ScorerError('model_unsupported', `${origin}: weight "${spec.name}" is not plain float32`)
    }
    return { name: spec.name, shape: spec.shape, dtype: 'float32' as const }
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function corrupt(origin: string, what: string, cause?: unknown): ScorerError {
  return new ScorerError(
    'model_corrupt',
    `${origin} is damaged: ${what}. Train it again or restore it from the archive.`,
    cause,
  )
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
