import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DRIFT_SCHEMA, OUTCOMES_SCHEMA } from '@holdfast/console'
import type { RiskModel } from '@holdfast/core'
import type { PROBLEM_SCHEMA } from '@holdfast/platform'
import type { ShopEvent } from '@holdfast/simulation'
import type { ManualClock } from '@holdfast/testing'
import type { z } from 'zod'
import { startConsole } from './console/support.ts'
import { makeModel } from './models/make-model.ts'
import { type Installation, install, type WorkerProcess } from './risk-worker/support.ts'
import {
  bodyOf,
  DAY,
  MONEY,
  openWatcher,
  problemIn,
  shopEvents,
  statesAt,
  type Watcher,
  writeTraining,
} from './watch-support.ts'

/** A shop whose champion is watched. Nothing of what happened in it has been sent yet. */
export interface WatchedShop {
  /** Of v1, which says what it learned from, and v2, which does not. */
  readonly dir: string
  readonly v1: RiskModel
  readonly v2: RiskModel
  /** From 400 days before `at` to 110 days after it, in their order. */
  readonly events: readonly ShopEvent[]
  readonly shop: Installation
  readonly worker: WorkerProcess
  readonly watcher: Watcher
  /** What the console says of the champion. */
  readDrift(): Promise<z.output<typeof DRIFT_SCHEMA>>
  readOutcomes(): Promise<z.output<typeof OUTCOMES_SCHEMA>>
  problemOf(path: string, status: number): Promise<z.output<typeof PROBLEM_SCHEMA>>
  close(): Promise<void>
}

/** @param at when the watching begins, ms; `clock` is what the watching goes by */
export async function openWatchedShop(at: number, clock: ManualClock): Promise<WatchedShop> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-watch-'))
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })]
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const from = at - 400 * DAY
    const v1 = await makeModel(dir, 'v1')
    // Other customers than those who are watched, of the same kind of shop.
    writeTraining(join(dir, 'v1'), v1, statesAt(shopEvents(8, 1_500, from, at), at).values(), at)
    const events = shopEvents(7, 600, from, at + 110 * DAY)
    const shop = await install({ env: { ...MONEY, MODELS_DIR: dir } })
    stops.push(() => shop.close())
    const worker = await shop.runWorker()
    // The installation began with v1 alone.
    const v2 = await makeModel(dir, 'v2', { bias: 0.4 })
    writeTraining(join(dir, 'v2'), v2, undefined, at)
    const watcher = await openWatcher(shop, clock)
    stops.push(() => watcher.close())
    const api = await startConsole(shop)
    stops.push(() => api.stop())
    return {
      ...{ dir, v1, v2, events, shop, worker, watcher, close },
      readDrift: async () => bodyOf(await api.get('/v1/models/champion/drift'), DRIFT_SCHEMA),
      readOutcomes: async () => bodyOf(await api.get('/v1/models/champion/outcomes'), OUTCOMES_SCHEMA),
      problemOf: async (path, status) => problemIn(await api.get(path), status),
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
