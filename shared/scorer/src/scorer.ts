import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Backend } from './backend.ts'
import { ScorerError } from './errors.ts'
import { featureCount, logitTensors } from './model.ts'

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

/**
 * Wraps a loaded model for scoring. The scorer owns the model from here on.
 *
 * @throws ScorerError `model_unsupported` when the model is other than dense layer and sigmoid
 */
export function createScorer({ tf }: Backend, model: LayersModel): Scorer {
  const features = featureCount(model)
  const [kernel, bias] = logitTensors(model)
  requireOnlyLogistic()

  /** What the two layers do, without what `model.predict` does around them: for some hundred rows that is most of its time. */
  function apply(x: Tensor2D): { logits: Tensor; probabilities: Tensor } {
    const logits = tf.add(tf.matMul(x, kernel), bias)
    return { logits, probabilities: tf.sigmoid(logits) }
  }

  function requireOnlyLogistic(): void {
    const [ours, theirs] = tf.tidy(() => {
      const rows = Float32Array.from({ length: 2 * features }, (_, i) => (i < features ? 0 : (i % 7) / 8))
      const x = tf.tensor2d(rows, [2, features])
      return [float32(apply(x).probabilities), float32(model.predict(x) as Tensor)]
    })
    if (ours.some((probability, i) => !(Math.abs(probability - theirs[i]!) < 1e-3))) {
      throw new ScorerError('model_unsupported', 'the model does more than a dense layer "logit" and a sigmoid')
    }
  }

  function predict(rows: Float32Array, n: number): Scores {
    if (n === 0) return { logits: new Float32Array(0), probabilities: new Float32Array(0) }
    if (!Number.isInteger(n) || n < 0 || rows.length < n * features) {
      throw new ScorerError(
        'shape_mismatch',
        `${n} rows of ${features} features were announced, but the buffer holds ${rows.length} values`,
      )
    }
    return tf.tidy(() => {
      const { logits, probabilities } = apply(tf.tensor2d(rows.subarray(0, n * features), [n, features]))
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

function float32(tensor: Tensor): Float32Array {
  return tensor.dataSync<'float32'>()
}
