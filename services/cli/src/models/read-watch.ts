import type { DriftRecord, LastWatch, OutcomeRecord, VersionOutcomes } from '@holdfast/contracts'
import { HoldfastError, watchStore } from '@holdfast/platform'
import { inputTopics } from '../config.ts'
import { type Registry, withRegistry } from './registry.ts'

export interface ReadDrift {
  readonly drift: DriftRecord
  readonly last: LastWatch
}

export interface ReadOutcomes {
  readonly versions: readonly VersionOutcomes[]
  /** Newest first. */
  readonly cohorts: readonly OutcomeRecord[]
  readonly last: LastWatch
}

/** @throws HoldfastError NOT_MEASURED_YET, WATCH_BROKEN */
export async function readDrift(now: boolean): Promise<ReadDrift> {
  return withRegistry(async (registry) => {
    const { last, store } = await lastWatch(registry, now)
    const [champion] = registry.pointers.champions
    const drift = await store.drift()
    if (drift !== undefined && drift.model.digest === champion?.digest) return { drift, last }
    throw notMeasured(last.says ?? `the last watch measured another champion than ${champion?.version ?? 'none'}.`)
  })
}

/** @throws HoldfastError NOT_MEASURED_YET, WATCH_BROKEN */
export async function readOutcomes(now: boolean): Promise<ReadOutcomes> {
  return withRegistry(async (registry) => {
    const { last, store } = await lastWatch(registry, now)
    const { records } = await store.outcomes()
    return { versions: await store.versions(), cohorts: records, last }
  })
}

async function lastWatch(registry: Registry, now: boolean) {
  const { on } = registry
  const client = await on.redis()
  const store = watchStore(client, on.config.KEY_PREFIX)
  const last = now ? await watch(registry) : await store.last()
  if (last === undefined) throw notMeasured('nobody has watched the champion of this installation yet.')
  return { last, store }
}

async function watch({ on, backend }: Registry): Promise<LastWatch> {
  const { watchModel } = await import('@holdfast/trainer')
  // Says clearly where topics are missing.
  await on.partitionCount()
  const { last } = await watchModel({
    client: await on.redis(),
    prefix: on.config.KEY_PREFIX,
    clock: await on.clock(),
    backend: await backend(),
    logEnds: () => on.logBounds(inputTopics(on.topics)),
    log: on.log,
  })
  return last
}

function notMeasured(why: string): HoldfastError {
  return new HoldfastError({
    code: 'NOT_MEASURED_YET',
    message: `there is nothing to tell yet: ${why}`,
    cure: 'run the trainer, which watches by itself, or measure now: npx holdfast models drift --now.',
  })
}
