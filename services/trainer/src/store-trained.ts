import type { Manifest } from '@holdfast/contracts'
import type { PurchaseDays } from '@holdfast/core'
import {
  type Backend,
  createLogisticModel,
  MANIFEST_FILE,
  type OpenVersion,
  readWeights,
  saveModel,
} from '@holdfast/scorer'
import { championPrediction } from './evaluate-stored.ts'
import { type CustomerValueFit, fitCustomerValue } from './fit/value.ts'
import type { Trained } from './learn/learn.ts'
import { manifestOf } from './registry/manifest.ts'
import { nextVersion, writeText, writeVersion } from './registry/registry.ts'
import { REPORT_FILE } from './registry/training-record.ts'
import { type EvaluationReport, evaluateModel } from './report/evaluation-report.ts'
import { htmlReport } from './report/html/page.ts'
import { type LogSummary, markdownReport } from './report/markdown.ts'
import { DAY_MS, type TrainingSettings } from './settings.ts'

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
  /** The model in use, to be held against the new one on the same rows. */
  readonly champion?: OpenVersion
}

export interface Stored {
  readonly version: string
  readonly dir: string
  readonly manifest: Manifest
  readonly trained: Trained
  readonly evaluation: EvaluationReport
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
  /** Purchases known at the measured cutoff: for BG/NBD as a rival, and for what customers will be worth. */
  readonly purchases?: ReadonlyMap<string, PurchaseDays>
}

/** Writes a version as a whole or not at all: the model, its manifest and its reports. */
export async function storeTrained(
  trained: Trained,
  settings: TrainingSettings,
  { backend, modelsDir, currency, now, progress, champion, ...chosen }: StoreOptions,
  { summary, purchases, ...learned }: Learned,
): Promise<Stored> {
  const version = chosen.version ?? (await nextVersion(modelsDir))
  const model = createLogisticModel(backend, trained.weights)
  try {
    const { measured } = trained
    progress?.('fitting what customers will be worth')
    const value = customerValue(trained, purchases, settings.horizonDays * DAY_MS)
    if (value.value === undefined) progress?.(`the model says nothing of what customers will be worth: ${value.why}`)
    const provenance = { version, createdAt: now, currency, ...learned }
    const manifest = manifestOf(trained, readWeights(model), provenance, settings, value.value)
    const report = markdownReport(manifest, trained, summary, value)
    const rival = champion && championPrediction(champion, settings.horizonDays, measured.snapshot)
    const evaluation = evaluateModel({
      version,
      horizonDays: settings.horizonDays,
      ...measured,
      measuredOn: measured.on,
      training: trained.record,
      ...(purchases && { purchases }),
      ...(rival && { champion: rival }),
    })
    const { fit, ridge, trials, platt, thresholds, thresholdsFrom, plan, facts, rows, all, notLapsed } = trained
    const details = {
      version,
      settings,
      log: summary,
      backendVersions: backend.versions,
      ...{ ridge, trials, platt, thresholds, thresholdsFrom, plan, facts, rows },
      measuredOn: measured.on,
      all,
      notLapsed,
      convergence: {
        converged: fit.converged,
        iterations: fit.iterations,
        gradientNorm: fit.gradientNorm,
        trainingLogLoss: fit.logLoss,
      },
      value,
      evaluation,
      training: trained.record,
    }
    const dir = await writeVersion(modelsDir, version, async (draft) => {
      await saveModel(backend, model, draft)
      await writeText(draft, MANIFEST_FILE, JSON.stringify(manifest, null, 2))
      await writeText(draft, REPORT_FILE, JSON.stringify(details, null, 2))
      await writeText(draft, 'report.md', report)
      await writeText(draft, 'report.html', htmlReport(evaluation, manifest))
    })
    progress?.(`wrote ${dir}`)
    return { version, dir, manifest, trained, evaluation, report }
  } finally {
    model.dispose()
  }
}

function customerValue(
  { plan, measured }: Trained,
  purchases: Learned['purchases'],
  horizonMs: number,
): CustomerValueFit {
  if (purchases === undefined) return { value: undefined, why: 'nobody noted the purchases' }
  const at = plan.training.at(-1)!
  return fitCustomerValue({ purchases, at, knownUntil: measured.snapshot.cutoff, horizonMs })
}
