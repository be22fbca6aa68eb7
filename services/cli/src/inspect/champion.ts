import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Manifest, parseManifest } from '@holdfast/contracts'
import { FEATURE_TABLE_VERSION, FEATURES, type RiskModel } from '@holdfast/core'
import { explainError, type ModelStore } from '@holdfast/platform'
import { listVersions, MANIFEST_FILE, riskModelOf } from '@holdfast/scorer'
import { type Config, modelsFolder } from '../config.ts'
import { note } from '../output/text.ts'

/**
 * The model that scores, in plain arithmetic, chosen as the risk-worker chooses it; undefined where there is none, or only one
 * that was trained on another feature table.
 * @param store where the champion is; without it, the folder's model, with which an installation begins
 */
export async function readChampion(config: Config, store?: ModelStore): Promise<RiskModel | undefined> {
  return (store && (await readPromoted(store))) ?? readFromFolder(config)
}

async function readPromoted(store: ModelStore): Promise<RiskModel | undefined> {
  try {
    const [champion] = (await store.pointers()).champions
    return champion && fitting(parseManifest((await store.read(champion)).manifest, `model ${champion.version}`))
  } catch (thrown) {
    // The risk-worker says so loudly, and goes on with another one too.
    note(`the champion cannot be read: ${explainError(thrown)}`)
    return undefined
  }
}

async function readFromFolder(config: Config): Promise<RiskModel | undefined> {
  const folder = modelsFolder(config)
  const version = config.MODEL_VERSION || (await listVersions(folder)).at(-1)
  if (version === undefined) return undefined
  const file = join(folder, version, MANIFEST_FILE)
  return fitting(parseManifest(await readFile(file, 'utf8'), file))
}

function fitting(manifest: Manifest): RiskModel | undefined {
  const fits =
    manifest.featureTableVersion === FEATURE_TABLE_VERSION &&
    manifest.features.map(({ name }) => name).join() === FEATURES.map(({ name }) => name).join()
  return fits ? riskModelOf(manifest) : undefined
}
