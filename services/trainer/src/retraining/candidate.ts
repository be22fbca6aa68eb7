import { join } from 'node:path'
import { type OpenModel, openFolder } from '@holdfast/champion'
import { packModel } from '@holdfast/platform'
import type { Backend } from '@holdfast/scorer'
import { type GateReport, judgeCandidate } from '../registry/gate.ts'
import { DEFAULT_SETTINGS } from '../settings.ts'
import type { EventSource } from '../source/event-source.ts'
import { trainOnSource } from '../train-from-source.ts'
import { chooseCutoffs } from './cutoffs.ts'
import { prepareModelsFolder, versionMadeAt } from './drafts.ts'
import { someCustomersOf, spanOf } from './log-span.ts'
import type { CandidateFigures } from './outcome.ts'

export interface CandidateRequest {
  readonly backend: Backend
  readonly source: EventSource
  /** Whose horizon the new model takes, and whom it is held against. */
  readonly champion: OpenModel | undefined
  readonly modelsDir: string
  readonly currency: string
  readonly mostRows: number
  /** When the job began, wall clock, ms: goes into the manifest, by which a later attempt finds a version that is whole. */
  readonly madeAt: number
  /** Domain time, ms. */
  readonly now: number
  readonly progress: (step: string) => void
}

export interface Candidate {
  readonly figures: CandidateFigures
  /** The model, packed. */
  readonly packed: string
  /** How its training rows were spread, for whoever watches it later. */
  readonly training?: string
}

/**
 * From a log to a stored and judged version. Reads the log three times: for its span, for the rows, and for the gate's.
 * @throws TrainerError, HoldfastError where the log cannot be learned from; HoldfastError MODELS_NOT_WRITABLE
 */
export async function makeCandidate(request: CandidateRequest): Promise<Candidate> {
  const { backend, champion, modelsDir, currency, mostRows, madeAt, now, progress } = request
  await prepareModelsFolder(modelsDir, Date.now())
  const createdAt = new Date(madeAt).toISOString()
  progress('reading how far the log reaches')
  const horizonDays = champion?.manifest.horizonDays ?? DEFAULT_SETTINGS.horizonDays
  const span = await spanOf(request.source)
  const { training, test, until, oneIn } = chooseCutoffs({ span, now, horizonDays, mostRows })
  if (oneIn > 1) progress(`${span.customers} customers are more than fit in ${mostRows} rows: taking one in ${oneIn}`)
  const source = someCustomersOf(request.source, oneIn)

  let version = await versionMadeAt(modelsDir, createdAt)
  if (version === undefined) {
    const stored = await trainOnSource({
      ...{ backend, source, modelsDir, currency, progress },
      settings: { horizonDays },
      trainCutoffs: training,
      testCutoff: test,
      until,
      now: madeAt,
      ...(champion && { champion }),
    })
    version = stored.version
  } else progress(`${version} was written by an earlier attempt: only the gate is left`)

  const dir = join(modelsDir, version)
  const model = await openFolder(backend, dir)
  try {
    progress(`holding ${version} against ${champion?.manifest.version ?? 'nothing: there is no champion'}`)
    const at = Date.parse(model.manifest.evaluationCutoffs[0] ?? createdAt)
    const report = await judgeCandidate({ candidate: model, champion, source, at })
    const { training: distribution } = model.stored
    return {
      figures: figuresOf(model, report),
      packed: packModel(model.stored),
      ...(distribution !== undefined && { training: distribution }),
    }
  } finally {
    model.scorer.dispose()
  }
}

function figuresOf({ manifest, digest }: OpenModel, report: GateReport): CandidateFigures {
  const { n, baseRate, auc, logLoss, brier } = manifest.metrics
  const { passed, champion, at, rows, checks, compared } = report
  return {
    version: manifest.version,
    digest,
    metrics: { n, baseRate, auc, logLoss, brier },
    gate: {
      ...{ passed, champion, rows },
      at: new Date(at).toISOString(),
      checks: checks.map(({ name, passed: ok, says }) => ({ name, passed: ok, says })),
      figures: compared.map(({ name, quality }) => ({
        name,
        auc: quality.auc.value,
        logLoss: quality.logLoss.value,
        ece: quality.ece.value,
      })),
    },
  }
}
