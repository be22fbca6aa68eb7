import type { PurchaseDays } from '@holdfast/core'
import type { RowPopulation } from './dataset/population.ts'
import { notingPurchases } from './purchases.ts'
import { requireFree } from './registry/registry.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import type { EventSource } from './source/event-source.ts'
import { type Stored, type StoreOptions, storeTrained } from './store-trained.ts'
import { trainAt } from './train.ts'

export interface SourceRequest extends StoreOptions {
  readonly source: EventSource
  /** ms. */
  readonly trainCutoffs: readonly number[]
  readonly testCutoff?: number
  readonly population?: RowPopulation
  readonly until?: number
}

/** Learns from a log at chosen cutoffs and stores the model. @throws as `trainAt`; TrainerError `version_taken` */
export async function trainOnSource(request: SourceRequest): Promise<Stored> {
  const { source, trainCutoffs, testCutoff, population, until, ...store } = request
  const settings = { ...DEFAULT_SETTINGS, ...store.settings }
  const { backend, progress } = store
  if (store.version !== undefined) await requireFree(store.modelsDir, store.version)
  const purchases = new Map<string, PurchaseDays>()
  const trained = await trainAt({
    backend,
    events: notingPurchases(source, testCutoff ?? Math.max(...trainCutoffs), purchases),
    trainCutoffs,
    settings,
    ...(testCutoff !== undefined && { testCutoff }),
    ...(population && { population }),
    ...(until !== undefined && { until }),
    ...(progress && { progress }),
  })
  const { events, skipped, invalid, generated, firstAt, lastAt } = source.counts()
  return storeTrained(trained, settings, store, {
    learnedFrom: generated > events / 2 ? 'generated-shop' : 'log',
    dataFrom: firstAt ?? 0,
    dataTo: lastAt ?? 0,
    summary: { events, skipped, invalid, backend: backend.name },
    purchases,
  })
}
