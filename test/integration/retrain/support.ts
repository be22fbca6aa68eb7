import { readFileSync } from 'node:fs'
import { findFreePort } from '@holdfast/local'
import { murmur2Partition } from '@holdfast/platform'
import { generateShop } from '@holdfast/simulation'
import { eventually, testLog, uniqueName } from '@holdfast/testing'
import { type Outcome, openRetrainingQueue, type RetrainingStore, retrainingStore } from '@holdfast/trainer'
import { ServiceProcess, spawnService } from '../../support/service-process.ts'
import type { Installation } from '../risk-worker/support.ts'

export const DAY = 86_400_000

/** No schedule of its own: what a test wants, it says. */
export const NO_SCHEDULE = { RETRAIN_SCHEDULE: 'off', WATCH_EVERY: 'off' } as const

/** For tests in which one trainer takes a job over from another. Others keep the default: a busy machine is not a silence. */
export const SHORT_LOCK = { JOB_LOCK_MS: '3000' } as const

/** How long a training may take where other tests run: it is below them in priority. */
export const TRAINING_MS = 180_000

/** The trainer as it is deployed. */
export class TrainerProcess extends ServiceProcess {
  static async start(
    name: string,
    logDir: string,
    { env }: Installation,
    more: Readonly<Record<string, string>>,
  ): Promise<TrainerProcess> {
    const port = await findFreePort()
    const trainer = new TrainerProcess(
      await spawnService({
        name,
        main: 'services/trainer/dist/main.js',
        logDir,
        env: { ...env, ...NO_SCHEDULE, ...more, PROBE_PORT: String(port) },
        probeUrl: `http://127.0.0.1:${port}`,
      }),
    )
    await trainer.isUp()
    return trainer
  }

  /** The processes that do its arithmetic now. */
  children(): readonly number[] {
    const { pid } = this.spawned
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.spawned.probeUrl}/metrics`)).text()
  }

  /** Resolves when its log holds this text. */
  async says(text: string, timeoutMs = TRAINING_MS): Promise<void> {
    await this.until(async () => this.said(text) > 0, timeoutMs)
  }
}

export interface ShopHistory {
  readonly customers: number
  readonly days: number
  readonly seed?: number
  /** Of ten customers, so many are never heard of again from `days` before now on. */
  readonly fallSilent?: { readonly ofTen: number; readonly days: number }
}

/** Puts the past of a generated shop into the topics, up to now. Resolves with the number of events. */
export async function sendHistory(
  installation: Installation,
  { customers, days, seed = 7, fallSilent = { ofTen: 0, days: 0 } }: ShopHistory,
): Promise<number> {
  const until = Date.now()
  const shop = generateShop({ seed, customers, from: until - days * DAY, until })
  const silentFrom = until - fallSilent.days * DAY
  const isSilent = (id: string) => murmur2Partition(Buffer.from(id), 10) < fallSilent.ofTen
  const events = [...shop.events].filter(({ event, timeMs }) => timeMs < silentFrom || !isSilent(event.subject))
  for (let from = 0; from < events.length; from += 2_000) {
    const batch = events.slice(from, from + 2_000)
    await installation.producer.sendBatch(
      batch.map(({ role, event }) => ({
        topic: installation.topics[role],
        messages: [{ key: event.subject, value: JSON.stringify(event) }],
      })),
    )
  }
  return events.length
}

export function recordOf({ client, prefix }: Installation): RetrainingStore {
  return retrainingStore(client, prefix)
}

/** The newest outcome, once there are so many. */
export async function outcomeNumber(
  installation: Installation,
  count: number,
  timeoutMs = TRAINING_MS,
): Promise<Outcome> {
  const record = recordOf(installation)
  await eventually(async () => (await record.read()).outcomes.length >= count, { timeoutMs, everyMs: 200 })
  const { outcomes } = await record.read()
  return outcomes.at(-count)!
}

/** Forgets jobs that wait: a trainer that was stopped has given its own back. */
export async function emptyQueue({ client, prefix }: Installation): Promise<void> {
  const queue = openRetrainingQueue({ client, prefix, log: testLog })
  await queue.bull.drain(true)
  await queue.stop()
}

/** Queues a retraining as a schedule does. Resolves with the job's id. */
export async function queueOne({ client, prefix }: Installation): Promise<string> {
  const queue = openRetrainingQueue({ client, prefix, log: testLog })
  const { id } = await queue.bull.add(
    'retrain',
    { kind: 'retrain', why: 'schedule' },
    { jobId: uniqueName('scheduled') },
  )
  await queue.stop()
  return id ?? ''
}
