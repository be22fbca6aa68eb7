import { join, resolve } from 'node:path'
import { parseManifest } from '@holdfast/contracts'
import {
  asError,
  type ConfigOf,
  digestOf,
  HoldfastError,
  type Logger,
  packModel,
  type StoredModel,
} from '@holdfast/platform'
import { type Backend, listVersions, loadBackend, type OpenVersion, openVersion, readVersion } from '@holdfast/scorer'
import type { MODEL_SETTINGS, ModelSettings } from './settings.ts'
import { trainingDistributionOf } from './training-distribution.ts'

/** A model ready for work, with the bytes that it came from. */
export interface OpenModel extends OpenVersion {
  readonly stored: StoredModel
  /** Of these bytes. */
  readonly digest: string
}

/**
 * TensorFlow.js as this process runs it; SCORER_BACKEND forces one.
 * @throws HoldfastError SCORER_UNUSABLE
 */
export async function openBackend(log: Logger): Promise<Backend> {
  try {
    return await loadBackend({ log, forced: process.env.SCORER_BACKEND })
  } catch (thrown) {
    throw new HoldfastError({
      code: 'SCORER_UNUSABLE',
      message: asError(thrown).message,
      cure: 'leave SCORER_BACKEND unset: the quickest that works here is taken.',
    })
  }
}

/** Told of each version that was passed over. */
export type OnUnusable = (version: string, why: Error) => void

/**
 * The version of the folder that an installation begins with: the one that is asked for, else the newest that can be used.
 * @throws HoldfastError NO_MODEL, MODEL_UNUSABLE
 */
export async function openFromFolder(
  backend: Backend,
  { MODELS_DIR, MODEL_VERSION }: ModelSettings,
  onUnusable: OnUnusable,
): Promise<OpenModel> {
  const versions = MODEL_VERSION ? [MODEL_VERSION] : (await listVersions(MODELS_DIR)).reverse()
  let newestFault: Error | undefined
  for (const version of versions) {
    try {
      return await openFolder(backend, join(MODELS_DIR, version))
    } catch (thrown) {
      const fault = asError(thrown)
      newestFault ??= fault
      onUnusable(version, fault)
    }
  }
  if (newestFault === undefined) {
    throw new HoldfastError({
      code: 'NO_MODEL',
      message: `there is no model under ${resolve(MODELS_DIR)}`,
      cure: 'point MODELS_DIR at the folder of models, or train one: holdfast train.',
    })
  }
  throw new HoldfastError({
    code: 'MODEL_UNUSABLE',
    message: newestFault.message,
    cure: `take another version (MODEL_VERSION) of ${resolve(MODELS_DIR)}, or train one: holdfast train.`,
  })
}

/** With how its training rows were spread, where its report says so. @throws ScorerError as `readVersion` and `openVersion` do */
export async function openFolder(backend: Backend, dir: string): Promise<OpenModel> {
  const { manifest, artifacts } = await readVersion(dir)
  const training = await trainingDistributionOf(dir)
  const stored: StoredModel = {
    manifest: JSON.stringify(manifest),
    ...artifacts,
    ...(training !== undefined && { training }),
  }
  return { stored, digest: digestOf(packModel(stored)), ...(await openVersion(backend, { manifest, artifacts })) }
}

/**
 * Makes a model of what Redis holds, and proves that it can score.
 * @throws ScorerError as `openVersion` does; Error for a manifest that is none
 */
export async function openStored(backend: Backend, stored: StoredModel): Promise<OpenModel> {
  const manifest = parseManifest(stored.manifest)
  const opened = await openVersion(backend, { manifest, artifacts: stored })
  const { logits } = opened.scorer.predict(new Float32Array(opened.scorer.features), 1)
  if (Number.isFinite(logits[0])) return { stored, digest: digestOf(packModel(stored)), ...opened }
  opened.scorer.dispose()
  throw new HoldfastError({
    code: 'MODEL_UNUSABLE',
    message: `model ${manifest.version} scores a customer of zeros with ${logits[0]}`,
    cure: 'train it again.',
  })
}

/** Whether the model may have customers contacted: one that learned from a generated shop only where the log is one, too. */
export function mayContact(
  { riskModel }: OpenModel,
  config: Pick<ConfigOf<typeof MODEL_SETTINGS>, 'LOG_IS_GENERATED'>,
): boolean {
  return riskModel.learnedFrom === 'log' || config.LOG_IS_GENERATED
}
