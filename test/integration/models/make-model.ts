import { cpSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Manifest, parseManifest } from '@holdfast/contracts'
import { repositoryRoot } from '@holdfast/local'
import { createLogisticModel, loadBackend, readWeights, riskModelOf, saveModel } from '@holdfast/scorer'

export interface Change {
  /** Added to every logit. */
  readonly bias?: number
  /** What becomes of a weight. */
  readonly weight?: (weight: number, feature: string) => number
  /** Laid over the manifest when the model is sound. */
  readonly manifest?: Partial<Manifest>
}

/** Writes a version of the folder: the model of the repository, changed. Returns it in plain arithmetic. */
export async function makeModel(models: string, version: string, change: Change = {}) {
  const { bias = 0, weight = (same) => same } = change
  const dir = join(models, version)
  cpSync(join(repositoryRoot(), 'models', 'v1'), dir, { recursive: true })
  const file = join(dir, 'manifest.json')
  const base = parseManifest(await readFile(file, 'utf8'))
  const backend = await loadBackend()
  const model = createLogisticModel(backend, {
    kernel: base.features.map((feature) => weight(feature.weight, feature.name)),
    bias: base.bias + bias,
  })
  await saveModel(backend, model, dir)
  const stored = readWeights(model)
  model.dispose()
  const manifest: Manifest = {
    ...base,
    version,
    bias: stored.bias,
    features: base.features.map((feature, i) => ({ ...feature, weight: stored.kernel[i]! })),
    ...change.manifest,
  }
  await writeFile(file, JSON.stringify(manifest))
  return riskModelOf(manifest)
}
