import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Backend, Tf } from './backend.ts'
import { ScorerError } from './errors.ts'
import { type Evaluation, minimise } from './lbfgs.ts'
import type { LogisticWeights } from './model.ts'

export interface TrainingData {
  /** Raw feature vectors, row-major, `n × features`, finite. */
  readonly x: Float32Array | Float64Array
  /** 0 or 1 a row; in between is allowed (a share). */
  readonly y: ArrayLike<number>
  /** Weight of each row; 1 unless given. */
  readonly weights?: ArrayLike<number>
  /** Length of a feature vector. */
  readonly features: number
}

export interface FitOptions {
  /**
   * Ridge: half of this times the sum of squared weights *on standardised inputs* is added to the log loss *summed* over
   * rows, as in scikit-learn with C = 1 / l2. The bias is not penalised.
   */
  readonly l2: number
  readonly maxIterations?: number
  /** Converged when no component of the gradient, divided by the sum of row weights, exceeds this. */
  readonly tolerance?: number
  /** Standardised weights and bias to start from, as an earlier fit returned them (a neighbouring l2, say). */
  readonly start?: StandardisedWeights
  /** Rows a tensor: bounds memory and keeps float32 sums short. */
  readonly chunkRows?: number
  /**
   * No feature is scaled by less, in its own unit. What hardly varied in training, such as a hinge that a single customer had
   * passed, would else get a scale so small that a usual value of tomorrow lies hundreds of it away, where a weight that the
   * ridge took for harmless decides everything. 0 unless given.
   */
  readonly smallestScale?: number
}

export interface StandardisedWeights {
  readonly weights: Float64Array
  readonly bias: number
}

export interface Standardisation {
  readonly mean: Float64Array
  /** Standard deviation over the training rows, or `smallestScale` if that is more; 1 where a feature is constant. */
  readonly scale: Float64Array
}

export interface LogisticFit {
  /** For raw feature vectors: what `createLogisticModel` takes. */
  readonly raw: LogisticWeights & { readonly kernel: Float64Array }
  readonly standardised: StandardisedWeights
  readonly standardisation: Standardisation
  /** Mean log loss over the training rows, without the ridge. */
  readonly logLoss: number
  /** Largest component of the gradient, divided by the sum of row weights. */
  readonly gradientNorm: number
  readonly converged: boolean
  readonly iterations: number
}

const CHUNK_ROWS = 16_384

/**
 * Logistic regression by full-batch L-BFGS. TensorFlow.js computes loss and gradient (automatic differentiation, chunk by
 * chunk in float32); chunks are summed and steps are taken in float64.
 *
 * @throws ScorerError `training_data` when shapes disagree, a value is not finite, or there is only one class
 */
export function fitLogistic({ tf }: Backend, data: TrainingData, options: FitOptions): LogisticFit {
  const { l2, maxIterations = 200, tolerance = 3e-6, chunkRows = CHUNK_ROWS, smallestScale = 0 } = options
  const n = checkTrainingData(data)
  const standardisation = standardise(data, n, smallestScale)
  const total = data.weights === undefined ? n : sum(data.weights)
  const chunks = toChunks(tf, data, standardisation, n, chunkRows)
  try {
    const objective = (theta: Float64Array) => penalisedLogLoss(tf, chunks, theta, l2)
    const found = minimise(objective, startingPoint(data, total, options.start), {
      maxIterations,
      tolerance: tolerance * total,
    })
    const weights = found.theta.slice(0, data.features)
    const bias = found.theta[data.features]!
    return {
      raw: foldStandardisation({ weights, bias }, standardisation),
      standardised: { weights, bias },
      standardisation,
      logLoss: (found.value - ridge(weights, l2)) / total,
      gradientNorm: found.gradientNorm / total,
      converged: found.converged,
      iterations: found.iterations,
    }
  } finally {
    for (const { x, y, weights } of chunks) tf.dispose([x, y, weights])
  }
}

interface Chunk {
  readonly x: Tensor2D
  readonly y: Tensor1D
  readonly weights: Tensor1D
}

/** Ridge plus summed log loss with its gradient, at `theta` = (weights, bias). Exported for the test by finite differences. */
export function penalisedLogLoss(tf: Tf, chunks: readonly Chunk[], theta: Float64Array, l2: number): Evaluation {
  const features = theta.length - 1
  let value = ridge(theta.subarray(0, features), l2)
  const gradient = new Float64Array(theta.length)
  for (let j = 0; j < features; j++) gradient[j] = l2 * theta[j]!
  for (const chunk of chunks) {
    tf.tidy(() => {
      const kernel = tf.tensor2d(Float32Array.from(theta.subarray(0, features)), [features, 1])
      const bias = tf.scalar(theta[features]!)
      const { value: loss, grads } = tf.valueAndGrads((k, b) => chunkLogLoss(tf, chunk, k as Tensor2D, b as Scalar))([
        kernel,
        bias,
      ])
      value += loss.dataSync()[0]!
      const byKernel = grads[0]!.dataSync()
      for (let j = 0; j < features; j++) gradient[j] = gradient[j]! + byKernel[j]!
      gradient[features] = gradient[features]! + grads[1]!.dataSync()[0]!
    })
  }
  return { value, gradient }
}

/** Weighted sum of `softplus(z) - y z`, which is the negative log likelihood without a sigmoid that could saturate. */
function chunkLogLoss(tf: Tf, { x, y, weights }: Chunk, kernel: Tensor2D, bias: Scalar): Scalar {
  const logits = tf.add(tf.reshape(tf.matMul(x, kernel), [-1]), bias)
  return tf.sum(tf.mul(weights, tf.sub(tf.softplus(logits), tf.mul(y, logits))))
}

function ridge(weights: Float64Array, l2: number): number {
  return (l2 / 2) * weights.reduce((total, w) => total + w * w, 0)
}

/** Zero weights and the bias of the base rate, unless an earlier fit is given. */
function startingPoint(data: TrainingData, total: number, start: StandardisedWeights | undefined): Float64Array {
  const theta = new Float64Array(data.features + 1)
  if (start !== undefined) {
    theta.set(start.weights)
    theta[data.features] = start.bias
    return theta
  }
  let positive = 0
  for (let i = 0; i < data.y.length; i++) positive += (data.weights?.[i] ?? 1) * data.y[i]!
  theta[data.features] = Math.log(positive / (total - positive))
  return theta
}

/** `w · (x - mean) / scale + b` written as `kernel · x + bias`. */
function foldStandardisation({ weights, bias }: StandardisedWeights, { mean, scale }: Standardisation) {
  const kernel = weights.map((w, j) => w / scale[j]!)
  return { kernel, bias: kernel.reduce((b, k, j) => b - k * mean[j]!, bias) }
}

function standardise({ x, features }: TrainingData, n: number, smallestScale: number): Standardisation {
  const mean = new Float64Array(features)
  const scale = new Float64Array(features)
  for (let i = 0; i < n; i++) for (let j = 0; j < features; j++) mean[j] = mean[j]! + x[i * features + j]! / n
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < features; j++) scale[j] = scale[j]! + (x[i * features + j]! - mean[j]!) ** 2 / n
  }
  for (let j = 0; j < features; j++) {
    scale[j] = Math.sqrt(scale[j]!)
    if (scale[j]! > 1e-7 * Math.abs(mean[j]!)) {
      scale[j] = Math.max(scale[j]!, smallestScale)
      continue
    }
    // Constant, apart from rounding: standardises to exactly 0, so its weight stays 0.
    mean[j] = x[j] ?? 0
    scale[j] = 1
  }
  return { mean, scale }
}

function toChunks(tf: Tf, data: TrainingData, { mean, scale }: Standardisation, n: number, chunkRows: number): Chunk[] {
  const { x, y, features } = data
  const chunks: Chunk[] = []
  for (let from = 0; from < n; from += chunkRows) {
    const rows = Math.min(chunkRows, n - from)
    const values = new Float32Array(rows * features)
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < features; j++) {
        values[i * features + j] = (x[(from + i) * features + j]! - mean[j]!) / scale[j]!
      }
    }
    const part = (source: ArrayLike<number> | undefined) => {
      const own = new Float32Array(rows).fill(1)
      if (source !== undefined) for (let i = 0; i < rows; i++) own[i] = source[from + i]!
      return tf.tensor1d(own)
    }
    chunks.push({ x: tf.tensor2d(values, [rows, features]), y: part(y), weights: part(data.weights) })
  }
  return chunks
}

/** @returns the number of rows */
function checkTrainingData({ x, y, weights, features }: TrainingData): number {
  const n = y.length
  const refuse = (message: string) => new ScorerError('training_data', `cannot train: ${message}`)
  if (x.length !== n * features) {
    throw refuse(`${n} labels and ${features} features call for ${n * features} values, there are ${x.length}`)
  }
  if (weights !== undefined && weights.length !== n) throw refuse(`${n} labels, but ${weights.length} row weights`)
  const bad = firstNotFinite(x)
  if (bad >= 0) throw refuse(`row ${Math.floor(bad / features)}, feature ${bad % features} is ${x[bad]}`)
  const positive = sum(y)
  if (!(positive > 0 && positive < n))
    throw refuse(`all ${n} rows have the same label, so there is nothing to tell apart`)
  return n
}

/** A loop, because `findIndex` calls a function for each of millions of values. */
function firstNotFinite(x: Float32Array | Float64Array): number {
  for (let i = 0; i < x.length; i++) if (!Number.isFinite(x[i])) return i
  return -1
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}
