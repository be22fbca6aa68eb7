import { parseTrainingDistribution, type TrainingDistribution } from '@holdfast/champion'
import { parseManifest } from '@holdfast/contracts'
import {
  asError,
  HoldfastError,
  type Logger,
  type ModelPointer,
  type ModelStore,
  type StoredModel,
} from '@holdfast/platform'
import { type Backend, type OpenVersion, openVersion } from '@holdfast/scorer'

export interface WatchedChampion extends OpenVersion {
  readonly pointer: ModelPointer
  /** Undefined where nobody knows. */
  readonly training: TrainingDistribution | undefined
}

export type Opened =
  | { readonly kind: 'open'; readonly champion: WatchedChampion }
  | { readonly kind: 'no_model' | 'model_unusable'; readonly says: string }

export interface OpenRequest {
  readonly store: ModelStore
  readonly backend: Backend
  readonly log: Logger
}

/** The champion of the installation, with how its training rows were spread; its scorer is the caller's to dispose. */
export async function openWatched({ store, backend, log }: OpenRequest): Promise<Opened> {
  const pointer = await pointedTo(store)
  if (pointer instanceof HoldfastError) return { kind: 'model_unusable', says: sentence(pointer) }
  if (pointer === undefined) {
    return { kind: 'no_model', says: 'the installation has no champion yet; the first risk-worker promotes one.' }
  }
  let opened: OpenVersion
  let stored: StoredModel
  try {
    stored = await store.read(pointer)
    opened = await openVersion(backend, { manifest: parseManifest(stored.manifest), artifacts: stored })
  } catch (thrown) {
    const error = asError(thrown)
    if (!isOfTheModel(error)) throw thrown
    return { kind: 'model_unusable', says: `the champion ${pointer.version} cannot be used: ${sentence(error)}` }
  }
  return { kind: 'open', champion: { ...opened, pointer, training: trainingOf(pointer, stored, log) } }
}

async function pointedTo(store: ModelStore): Promise<ModelPointer | HoldfastError | undefined> {
  try {
    return (await store.pointers()).champions[0]
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === 'MODEL_POINTERS_BROKEN') return thrown
    throw thrown
  }
}

/** Whatever is wrong with the model itself is a finding; a Redis that is away is not. */
function isOfTheModel(error: Error): boolean {
  return (
    ['ScorerError', 'SettingsError', 'SyntaxError'].includes(error.name) ||
    (error instanceof HoldfastError && error.code.startsWith('STORED_MODEL_'))
  )
}

function sentence(error: Error): string {
  return error instanceof HoldfastError && error.cure !== undefined ? `${error.message}; ${error.cure}` : error.message
}

/** It comes to Redis with the model; where its folder said nothing, nobody knows. */
function trainingOf(
  { version }: ModelPointer,
  { training }: StoredModel,
  log: Logger,
): TrainingDistribution | undefined {
  if (training === undefined) return undefined
  const parsed = parseTrainingDistribution(training)
  if (parsed === undefined) {
    log.error({ model: version }, 'what Redis holds of how the training rows were spread cannot be read')
  }
  return parsed
}
