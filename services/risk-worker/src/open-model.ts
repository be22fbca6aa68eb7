import { join, resolve } from 'node:path'
import { asError, HoldfastError, type Logger } from '@holdfast/platform'
import { type Backend, listVersions, loadBackend, type OpenVersion, openVersion, readVersion } from '@holdfast/scorer'
import type { Config } from './config.ts'

/**
 * The version that is asked for, or the newest.
 * @throws HoldfastError NO_MODEL, MODEL_UNUSABLE
 */
export async function openModel(
  { MODELS_DIR, MODEL_VERSION }: Pick<Config, 'MODELS_DIR' | 'MODEL_VERSION'>,
  log: Logger,
): Promise<OpenVersion & { readonly backend: Backend }> {
  const version = MODEL_VERSION || (await listVersions(MODELS_DIR)).at(-1)
  if (version === undefined) {
    throw new HoldfastError({
      code: 'NO_MODEL',
      message: `there is no model under ${resolve(MODELS_DIR)}`,
      cure: 'point MODELS_DIR at the folder of models, or train one: holdfast train.',
    })
  }
  try {
    const backend = await loadBackend({ log, forced: process.env.SCORER_BACKEND })
    return { backend, ...(await openVersion(backend, await readVersion(join(MODELS_DIR, version)))) }
  } catch (thrown) {
    throw new HoldfastError({
      code: 'MODEL_UNUSABLE',
      message: asError(thrown).message,
      cure: `take another version (MODEL_VERSION) of ${resolve(MODELS_DIR)}, or train one: holdfast train.`,
    })
  }
}
