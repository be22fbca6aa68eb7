import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { LayersModel, Sequential } from '@tensorflow/tfjs-layers'
import type { Backend } from './backend.ts'
import { ScorerError } from './errors.ts'

/**
 * A logistic regression on *raw* feature vectors: `p = 1 / (1 + exp(-(kernel · x + bias)))`. The standardisation used in
 * training is folded into kernel and bias, so whoever loads the stored model with plain TensorFlow.js feeds it what the
 * feature table yields and gets the right answer. Folding costs float32 precision only where a feature's mean is far larger
 * than its spread; counts and money enter as log1p, so none is, and the conformance suite holds the loss on such a table.
 */
export interface LogisticWeights {
  /** One weight a feature, in the order of the feature table. */
  readonly kernel: ArrayLike<number>
  readonly bias: number
}

/** Name of the layer whose output is the logit; bands compare logits, because a probability saturates in float32. */
const LOGIT_LAYER = 'logit'
const PROBABILITY_LAYER = 'probability'

/** Builds the two-layer model (`logit`: dense, one unit; `probability`: sigmoid). Weights are rounded to float32. */
export function createLogisticModel({ tf }: Backend, weights: LogisticWeights): Sequential {
  const features = weights.kernel.length
  const model = tf.sequential({ name: 'churn' })
  model.add(tf.layers.dense({ name: LOGIT_LAYER, units: 1, inputShape: [features], kernelInitializer: 'zeros' }))
  model.add(tf.layers.activation({ name: PROBABILITY_LAYER, activation: 'sigmoid' }))
  tf.tidy(() => {
    const kernel = tf.tensor2d(Float32Array.from(weights.kernel), [features, 1])
    model.setWeights([kernel, tf.tensor1d([weights.bias])])
  })
  return model
}

/**
 * The weights exactly as the model holds them, for the same formula in plain arithmetic.
 *
 * @throws ScorerError `model_unsupported` when the model is not the one that `createLogisticModel` builds
 */
export function readWeights(model: LayersModel): { kernel: Float32Array; bias: number } {
  const [kernel, bias] = logitTensors(model)
  return { kernel: Float32Array.from(kernel.dataSync()), bias: bias.dataSync()[0]! }
}

/**
 * The model's own tensors, kernel of shape [features, 1] and bias of shape [1]; they live as long as it does.
 *
 * @throws ScorerError `model_unsupported` when the model is not the one that `createLogisticModel` builds
 */
export function logitTensors(model: LayersModel): [kernel: Tensor2D, bias: Tensor1D] {
  const [kernel, bias, ...rest] = logitLayer(model).getWeights()
  if (kernel === undefined || bias === undefined || rest.length > 0 || kernel.shape[1] !== 1) {
    throw new ScorerError('model_unsupported', 'the layer "logit" is not a dense layer of one unit with a bias')
  }
  return [kernel as Tensor2D, bias as Tensor1D]
}

export function logitLayer(model: LayersModel) {
  const layer = model.layers.find(({ name }) => name === LOGIT_LAYER)
  if (layer === undefined || model.outputs.length !== 1 || model.inputs.length !== 1) {
    throw new ScorerError(
      'model_unsupported',
      `this is not a churn model: it needs one input, one output and a layer "${LOGIT_LAYER}"; it has the layers ${model.layers.map(({ name }) => name).join(', ')}`,
    )
  }
  return layer
}

/** Number of features that the model expects. */
export function featureCount(model: LayersModel): number {
  const width = model.inputs[0]?.shape[1]
  if (typeof width !== 'number') {
    throw new ScorerError('model_unsupported', 'the model does not say how many features it takes')
  }
  return width
}
