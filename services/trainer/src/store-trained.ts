import type { Manifest } from '@holdfast/contracts'
import { type Backend, createLogisticModel, MANIFEST_FILE, readWeights, saveModel } from '@holdfast/scorer'
import type { Trained } from './learn/learn.ts'
import { manifestOf } from './registry/manifest.ts'
import { nextVersion, writeText, writeVersion } from './registry/registry.ts'
import { type LogSummary, markdownReport } from './report/markdown.ts'
import type { TrainingSettings } from './settings.ts'

export interface StoreOptions {
  readonly backend: Backend
  /** Archive of versions; the new one becomes a folder of it. */
  readonly modelsDir: string
  readonly currency: string
  readonly settings?: Partial<TrainingSettings>
  /** The next free `v1`, `v2`, ... unless given. */
  readonly version?: string
  /** When the model is made, ms. */
  readonly now: number
  readonly progress?: (step: string) => void
}

export interface Stored {
  readonly version: string
  readonly dir: string
  readonly manifest: Manifest
  readonly trained: Trained
  /** Text of `report.md`. */
  readonly report: string
}

/** What it was learned from. */
export interface Learned {
  readonly learnedFrom: Manifest['learnedFrom']
  /** First and last event, ms. */
  readonly dataFrom: number
  readonly dataTo: number
  readonly summary: LogSummary
}

/** Writes a version as a whole or not at all: the model, its manifest and its reports. */
export async function storeTrained(
  trained: Trained,
  settings: TrainingSettings,
  { backend, modelsDir, currency, now, progress, ...chosen }: StoreOptions,
  { summary, ...learned }: Learned,
): Promise<Stored> {
  const version = chosen.version ?? (await nextVersion(modelsDir))
  const model = createLogisticModel(backend, trained.weights)
  try {
    const provenance = { version, createdAt: now, currency, ...learned }
    const manifest = manifestOf(trained, readWeights(model), provenance, settings)
    const report = markdownReport(manifest, trained, summary)
    const { fit, ridge, trials, platt, thresholds, thresholdsFrom, plan, facts, rows, all, notLapsed } = trained
    const details = {
      version,
      settings,
      log: summary,
      backendVersions: backend.versions,
      ...{ ridge, trials, platt, thresholds, thresholdsFrom, plan, facts, rows },
      measuredOn: trained.measured.on,
      all,
      notLapsed,
      convergence: {
        converged: fit.converged,
        iterations: fit.iterations,
        gradientNorm: fit.gradientNorm,
        trainingLogLoss: fit.logLoss,
      },
    }
    const dir = await writeVersion(modelsDir, version, async (draft) => {
      await saveModel(backend, model, draft)
      await writeText(draft, MANIFEST_FILE, JSON.stringify(manifest, null, 2))
      await writeText(draft, 'report.json', JSON.stringify(details, null, 2))
      await writeText(draft, 'report.md', report)
    })
    progress?.(`wrote ${dir}`)
    return { version, dir, manifest, trained, report }
  } finally {
    model.dispose()
  }
}
