import { join } from 'node:path'
import { parseManifest } from '@holdfast/contracts'
import {
  asError,
  digestOf,
  HoldfastError,
  type Logger,
  type ModelPointer,
  type ModelStore,
  packModel,
} from '@holdfast/platform'
import { type Backend, type OpenVersion, openVersion, readVersion } from '@holdfast/scorer'
import {
  parseTrainingDistribution,
  type TrainingDistribution,
  trainingDistributionOf,
} from './training-distribution.ts'

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
  readonly modelsDir: string | undefined
  readonly log: Logger
}

/** The champion of the installation, with how its training rows were spread; its scorer is the caller's to dispose. */
export async function openWatched({ store, backend, modelsDir, log }: OpenRequest): Promise<Opened> {
  const pointer = await pointedTo(store)
  if (pointer instanceof HoldfastError) return { kind: 'model_unusable', says: sentence(pointer) }
  if (pointer === undefined) {
    return { kind: 'no_model', says: 'the installation has no champion yet; the first risk-worker promotes one.' }
  }
  let opened: OpenVersion
  try {
    const stored = await store.read(pointer)
    opened = await openVersion(backend, { manifest: parseManifest(stored.manifest), artifacts: stored })
  } catch (thrown) {
    const error = asError(thrown)
    if (!isOfTheModel(error)) throw thrown
    return { kind: 'model_unusable', says: `the champion ${pointer.version} cannot be used: ${sentence(error)}` }
  }
  const training = await trainingOf(pointer, store, modelsDir, log)
  return { kind: 'open', champion: { ...opened, pointer, training } }
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

/**
 * It comes to Redis with a promotion. The model that an installation begins with was promoted by a risk-worker, without it: its
 * folder is looked for here, and what it says is added, so that watchers elsewhere find it too.
 */
async function trainingOf(
  pointer: ModelPointer,
  store: ModelStore,
  modelsDir: string | undefined,
  log: Logger,
): Promise<TrainingDistribution | undefined> {
  const text = await store.training(pointer)
  const stored = text === undefined ? undefined : parseTrainingDistribution(text)
  if (stored !== undefined) return stored
  if (text !== undefined) {
    log.error({ model: pointer.version }, 'what Redis holds of how the training rows were spread cannot be read')
  }
  const found = modelsDir === undefined ? undefined : await trainingOfFolder(join(modelsDir, pointer.version), pointer)
  if (found === undefined) return undefined
  await store.addTraining(pointer, found)
  return parseTrainingDistribution(found)
}

/** Undefined where the folder holds another model, none, or one that does not say. */
async function trainingOfFolder(dir: string, { digest }: ModelPointer): Promise<string | undefined> {
  try {
    const { manifest, artifacts } = await readVersion(dir)
    const own = digestOf(packModel({ manifest: JSON.stringify(manifest), ...artifacts }))
    return own === digest ? await trainingDistributionOf(dir) : undefined
  } catch {
    return undefined
  }
}
