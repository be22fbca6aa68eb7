import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseManifest } from '@holdfast/contracts'
import type { RiskModel } from '@holdfast/core'
import { listVersions, MANIFEST_FILE, riskModelOf } from '@holdfast/scorer'
import { type Config, modelsFolder } from '../config.ts'

/** The model that scores, in plain arithmetic; undefined where there is none. Chosen as the risk-worker does. */
export async function readChampion(config: Config): Promise<RiskModel | undefined> {
  const folder = modelsFolder(config)
  const version = config.MODEL_VERSION || (await listVersions(folder)).at(-1)
  if (version === undefined) return undefined
  const file = join(folder, version, MANIFEST_FILE)
  return riskModelOf(parseManifest(await readFile(file, 'utf8'), file))
}
