import type { Decode, Manifest } from '@holdfast/contracts'
import { type Backend, createLogisticModel, MANIFEST_FILE, readWeights, saveModel } from '@holdfast/scorer'
import { type GeneratedShop, generateShop } from '@holdfast/simulation'
import { type DecodedLog, decodeLog, type LogRecord } from './log.ts'
import { manifestOf } from './registry/manifest.ts'
import { nextVersion, writeText, writeVersion } from './registry/registry.ts'
import { markdownReport } from './report/markdown.ts'
import { DEFAULT_SETTINGS, type TrainingSettings } from './settings.ts'
import { type Trained, type Truth, train } from './train.ts'

export interface StoreOptions {
  readonly backend: Backend
  /** Archive of versions; the new one becomes a folder of it. */
  readonly modelsDir: string
  /** Reads records; its base currency is `currency`. */
  readonly decode: Decode
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

export interface ShopRequest extends StoreOptions {
  readonly shop: { readonly seed: number; readonly customers: number; readonly from: number; readonly until: number }
}

/** Learns from a generated shop's own log and sets the model's AUC beside what could at best be known of its customers. */
export async function trainOnGeneratedShop({ shop: options, ...store }: ShopRequest): Promise<Stored> {
  const shop = generateShop(options)
  store.progress?.(`generating a shop with ${options.customers} customers`)
  const log = await decodeLog(shopRecords(shop), store.decode)
  return trainAndStore(log, { start: options.from, end: options.until - 1 }, store, truthOf(shop))
}

export interface LogRequest extends StoreOptions {
  /** Records of all input topics, in any order. */
  readonly records: Iterable<LogRecord> | AsyncIterable<LogRecord>
  /** Until when the log is complete, ms; the newest event's `knownAt` unless given. */
  readonly completeUntil?: number
}

/** Learns from a real log: the five input topics, or an export of them. */
export async function trainOnLog({ records, completeUntil, ...store }: LogRequest): Promise<Stored> {
  store.progress?.('reading the log')
  const log = await decodeLog(records, store.decode)
  const end = completeUntil ?? log.events.at(-1)!.knownAt
  return trainAndStore(log, { start: log.events[0]!.knownAt, end }, store)
}

async function trainAndStore(
  log: DecodedLog,
  span: { readonly start: number; readonly end: number },
  { backend, modelsDir, currency, now, progress, ...chosen }: StoreOptions,
  truth?: Truth,
): Promise<Stored> {
  const settings = { ...DEFAULT_SETTINGS, ...chosen.settings }
  const trained = await train({
    backend,
    events: log.events,
    logStart: span.start,
    logEnd: span.end,
    settings,
    ...(truth && { truth }),
    ...(progress && { progress }),
  })
  const version = chosen.version ?? (await nextVersion(modelsDir))
  const model = createLogisticModel(backend, trained.fit.raw)
  const manifest = manifestOf(
    trained,
    readWeights(model),
    {
      version,
      createdAt: now,
      learnedFrom: log.learnedFrom,
      currency,
      dataFrom: log.events[0]!.knownAt,
      dataTo: log.events.at(-1)!.knownAt,
    },
    settings,
  )
  const summary = {
    events: log.events.length,
    skipped: log.skipped,
    invalid: log.invalid,
    backend: backend.name,
  }
  const report = markdownReport(manifest, trained, summary)
  const { fit, ...measured } = trained
  const details = {
    version,
    settings,
    log: summary,
    backendVersions: backend.versions,
    ...measured,
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
  model.dispose()
  progress?.(`wrote ${dir}`)
  return { version, dir, manifest, trained, report }
}

/** The shop's events as they would lie in the topics. */
function* shopRecords(shop: GeneratedShop): Generator<LogRecord> {
  const utf8 = new TextEncoder()
  for (const { role, timeMs, event } of shop.events) {
    yield { role, value: utf8.encode(JSON.stringify(event)), recordTimeMs: timeMs }
  }
}

function truthOf(shop: GeneratedShop): Truth {
  return (customerId, at, horizonMs) => {
    const customer = shop.customer(customerId)
    const latent = customer?.probabilityOfNoPurchase(at, horizonMs)
    const posterior = customer?.posterior(at, horizonMs)
    return latent === undefined || posterior === undefined ? undefined : { latent, posterior }
  }
}
