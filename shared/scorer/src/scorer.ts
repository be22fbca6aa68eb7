import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Backend } from './backend.ts'
import { ScorerError } from './errors.ts'
import { featureCount, logitLayer } from './model.ts'

/** One value a row, in the order of the rows. */
export interface Scores {
  readonly logits: Float32Array
  readonly probabilities: Float32Array
}

export interface Scorer {
  /** Length of a feature vector. */
  readonly features: number
  /**
   * Scores a batch in ONE call of the model. `rows` is row-major, `n × features`, raw (not standardised) and finite; what
   * lies beyond `n` rows is ignored, so a buffer can be used again.
   *
   * @throws ScorerError `shape_mismatch` when `rows` is too short
   */
  predict(rows: Float32Array, n: number): Scores
  /** `predict`, for whoever only wants probabilities. */
  score(rows: Float32Array, n: number): Float32Array
  /** Frees what the scorer holds, the model included. */
  dispose(): void
}

/** Wraps a loaded model for scoring. The scorer owns the model from here on. */
export function createScorer({ tf }: Backend, model: LayersModel): Scorer {
  const features = featureCount(model)
  const both = tf.model({ inputs: model.inputs, outputs: [symbolic(logitLayer(model).output), symbolic(model.output)] })

  function predict(rows: Float32Array, n: number): Scores {
    if (n === 0) return { logits: new Float32Array(0), probabilities: new Float32Array(0) }
    if (!Number.isInteger(n) || n < 0 || rows.length < n * features) {
      throw new ScorerError(
        'shape_mismatch',
        `${n} rows of ${features} features were announced, but the buffer holds ${rows.length} values`,
      )
    }
    return tf.tidy(() => {
      const x = tf.tensor2d(rows.subarray(0, n * features), [n, features])
      // Without batchSize, predict cuts the batch into pieces of 32, each with the overhead of a call.
      const [logits, probabilities] = both.predict(x, { batchSize: n }) as [Tensor, Tensor]
      return { logits: float32(logits), probabilities: float32(probabilities) }
    })
  }

  return {
    features,
    predict,
    score: (rows, n) => predict(rows, n).probabilities,
    dispose: () => {
      model.dispose()
    },
  }
}

function symbolic<T>(output: T | T[]): T {
  return Array.isArray(output) ? output[0]! : output
}

function float32(tensor: Tensor): Float32Array {
  return tensor.dataSync<'float32'>()
}
