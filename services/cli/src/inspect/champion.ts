import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseManifest } from '@holdfast/contracts'
import { FEATURE_TABLE_VERSION, FEATURES, type RiskModel } from '@holdfast/core'
import { listVersions, MANIFEST_FILE, riskModelOf } from '@holdfast/scorer'
import { type Config, modelsFolder } from '../config.ts'

/**
 * The model that scores, in plain arithmetic, chosen as the risk-worker chooses it; undefined where there is none, or only one
 * that was trained on another feature table.
 */
export async function readChampion(config: Config): Promise<RiskModel | undefined> {
  const folder = modelsFolder(config)
  const version = config.MODEL_VERSION || (await listVersions(folder)).at(-1)
  if (version === undefined) return undefined
  const file = join(folder, version, MANIFEST_FILE)
  const manifest = parseManifest(await readFile(file, 'utf8'), file)
  const fits =
    manifest.featureTableVersion === FEATURE_TABLE_VERSION &&
    manifest.features.map(({ name }) => name).join() === FEATURES.map(({ name }) => name).join()
  return fits ? riskModelOf(manifest) : undefined
}
