import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Manifest, type ManifestValue, parseManifest } from '@holdfast/contracts'
import { createValuation, FEATURE_TABLE_VERSION, FEATURES, type RiskModel, type Valuation } from '@holdfast/core'
import { fromArtifacts, type ModelArtifacts, readArtifacts } from './artifacts.ts'
import type { Backend } from './backend.ts'
import { reasonOf, ScorerError } from './errors.ts'
import { readWeights } from './model.ts'
import { createScorer, type Scorer } from './scorer.ts'

export const MANIFEST_FILE = 'manifest.json'

/** One version of the model as it is stored: TensorFlow.js's two files and the manifest beside them. */
export interface StoredVersion {
  readonly manifest: Manifest
  readonly artifacts: ModelArtifacts
}

/** One version ready for work: the TensorFlow.js model and the same weights in plain arithmetic. */
export interface OpenVersion {
  readonly manifest: Manifest
  readonly scorer: Scorer
  readonly riskModel: RiskModel
}

const VERSION = /^v[1-9]\d*$/

/** Versions in a folder of models, oldest first; none when the folder does not exist. */
export async function listVersions(modelsDir: string): Promise<string[]> {
  let names: string[]
  try {
    names = await readdir(modelsDir)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return names.filter((name) => VERSION.test(name)).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
}

/** Reads `manifest.json`, `model.json` and `weights.bin` of a folder. @throws ScorerError `model_missing`, `model_corrupt` */
export async function readVersion(dir: string): Promise<StoredVersion> {
  const artifacts = await readArtifacts(dir)
  const file = join(dir, MANIFEST_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ScorerError(
      'model_missing',
      `${dir} has a model but no readable ${MANIFEST_FILE} (${reasonOf(error)})`,
      error,
    )
  }
  try {
    return { manifest: parseManifest(text, file), artifacts }
  } catch (error) {
    throw new ScorerError('model_corrupt', reasonOf(error), error)
  }
}

/**
 * Loads a version and proves that its parts belong together.
 *
 * @throws ScorerError `model_unsupported` when it was trained on another feature table, `model_corrupt` when manifest and
 *   model hold different weights or the files are damaged
 */
export async function openVersion(backend: Backend, { manifest, artifacts }: StoredVersion): Promise<OpenVersion> {
  checkFeatureTable(manifest)
  const model = await fromArtifacts(backend, artifacts, `model ${manifest.version}`)
  const { kernel, bias } = readWeights(model)
  const differs =
    kernel.length !== manifest.features.length ||
    bias !== manifest.bias ||
    manifest.features.some(({ weight }, i) => weight !== kernel[i])
  if (differs) {
    model.dispose()
    throw new ScorerError(
      'model_corrupt',
      `model ${manifest.version}: the weights in ${MANIFEST_FILE} are not those of the TensorFlow.js model beside it; restore the folder from the archive or train again`,
    )
  }
  return { manifest, scorer: createScorer(backend, model), riskModel: riskModelOf(manifest) }
}

/** The manifest as the core's plain-arithmetic model. */
export function riskModelOf(manifest: Manifest): RiskModel {
  const { version, learnedFrom, horizonDays, features, bias, thresholds, value } = manifest
  return {
    version,
    learnedFrom,
    horizonMs: horizonDays * 86_400_000,
    weights: Float64Array.from(features, ({ weight }) => weight),
    bias,
    means: Float64Array.from(features, ({ mean }) => mean),
    watchLogit: thresholds.watchLogit,
    atRiskLogit: thresholds.atRiskLogit,
    hysteresisLogit: thresholds.marginLogit,
    valuation: value && valuationOf(value),
  }
}

/** What the manifest says of customers' value, as the core computes with it. */
export function valuationOf({ bgNbd, gammaGamma, horizonDays, yearlyDiscount }: ManifestValue): Valuation {
  return createValuation({
    buying: bgNbd,
    spending: gammaGamma,
    horizon: { weeks: horizonDays / 7, yearlyDiscount },
  })
}

function checkFeatureTable({ version, featureTableVersion, features }: Manifest): void {
  const names = features.map(({ name }) => name)
  const first = FEATURES.findIndex(({ name }, i) => name !== names[i])
  const same = featureTableVersion === FEATURE_TABLE_VERSION && first < 0 && names.length === FEATURES.length
  if (same) return
  const detail = first < 0 ? '' : `; feature ${first} is "${names[first]}" there and "${FEATURES[first]!.name}" here`
  throw new ScorerError(
    'model_unsupported',
    `model ${version} was trained on feature table ${featureTableVersion} with ${names.length} features, this program has table ${FEATURE_TABLE_VERSION} with ${FEATURES.length}${detail}: run \`holdfast train\``,
  )
}
