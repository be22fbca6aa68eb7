import { QUEUES, queuePrefix } from '@holdfast/contracts'
import { BANDS } from '@holdfast/core'
import { isAlive, type RunState, type RunStateReading } from '@holdfast/local'
import { asError, createQueues, logBounds } from '@holdfast/platform'
import { inputTopics } from '../config.ts'
import { type Admin, type Installation, withInstallation } from '../installation.ts'
import { withoutPassword } from '../output/text.ts'

/** What is running and where. */
export interface Whereabouts {
  /** `none`: nothing was started here (Kafka and Redis may still be named by the environment). */
  readonly run: RunStateReading['kind']
  readonly startedAt?: string
  /** The process that started the rest and stops it. */
  readonly pid?: number
  readonly kafka: { readonly brokers: readonly string[]; readonly origin: string; readonly pid?: number }
  readonly redis: { readonly urls: readonly string[]; readonly origin: string; readonly pid?: number }
  readonly services: readonly {
    readonly name: string
    readonly pid: number
    readonly alive: boolean
    readonly url?: string
    readonly logFile: string
  }[]
}

/** What the pipeline has done and has still to do. */
export interface Figures {
  readonly customers: number
  readonly byBand: Readonly<Record<string, number>>
  /** BullMQ's counts by queue and by status. */
  readonly jobs: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Records that are not in the states yet, by topic. */
  readonly lag: Readonly<Record<string, number>>
  readonly appointmentsOverdue: number
  readonly outbox: number
  readonly deadLetters: number
  readonly intakeStopped: string | null
  readonly shards: number
}

export function whereabouts(
  reading: RunStateReading,
  brokers: readonly string[],
  urls: readonly string[],
): Whereabouts {
  const state: RunState | undefined = reading.kind === 'none' ? undefined : reading.state
  const isOurs = (given: readonly string[], ours: readonly string[] | undefined) => given.join() === ours?.join()
  const kafka = isOurs(brokers, state?.kafka.brokers) ? state?.kafka : undefined
  const redis = isOurs(urls, state?.redis.urls) ? state?.redis : undefined
  return {
    run: reading.kind,
    ...(state && { startedAt: state.startedAt, pid: state.owner.pid }),
    kafka: { brokers, origin: kafka?.origin ?? 'environment', ...(kafka?.process && { pid: kafka.process.pid }) },
    redis: {
      urls: urls.map(withoutPassword),
      origin: redis?.origin ?? 'environment',
      ...(redis?.process && { pid: redis.process.pid }),
    },
    services: (state?.services ?? []).map(({ name, process, url, logFile }) => ({
      name,
      pid: process.pid,
      // False for a moment while its supervisor starts it again.
      alive: isAlive(process),
      ...(url !== undefined && { url }),
      logFile,
    })),
  }
}

/** Reads the figures once. Zeros where topics or states do not exist yet. */
export async function collectFigures(on: Installation): Promise<Figures> {
  const [admin, client] = [await on.admin(), await on.redis()]
  const existing = new Set(await admin.listTopics())
  const inputs = inputTopics(on.topics).filter((topic) => existing.has(topic))
  const bounds = await logBounds(admin, inputs)
  const shards = Math.max(0, ...bounds.map(({ partition }) => partition + 1))
  const readers = await Promise.all(Array.from({ length: shards }, (_, partition) => on.shard(partition)))
  const perShard = await Promise.all(
    readers.map(async (shard) => ({
      counters: await shard.counters(),
      overdue: await shard.overdue(Date.now()),
      outbox: await shard.outboxLength(),
      offsets: (await shard.meta()).offsets,
    })),
  )
  const sum = (of: (shard: (typeof perShard)[number]) => number) =>
    perShard.reduce((total, shard) => total + of(shard), 0)
  const counter = (name: string) => sum(({ counters }) => counters.get(name) ?? 0)
  const lag = (topic: string) =>
    bounds
      .filter((bound) => bound.topic === topic)
      .reduce((total, { partition, low, high }) => {
        const next = perShard[partition]?.offsets.get(topic) ?? low
        return total + Math.max(0, high - next)
      }, 0)
  return {
    customers: counter('customers'),
    byBand: Object.fromEntries(BANDS.map((band) => [band, counter(`band:${band}`)])),
    jobs: await jobCounts(on),
    lag: Object.fromEntries(inputs.map((topic) => [topic, lag(topic)])),
    appointmentsOverdue: sum(({ overdue }) => overdue),
    outbox: sum(({ outbox }) => outbox),
    deadLetters: await lengthOf(admin, existing, on.topics.deadLetters),
    intakeStopped: await client.get(on.keys.intakeStopped),
    shards,
  }
}

async function jobCounts(on: Installation): Promise<Figures['jobs']> {
  const queues = createQueues({
    client: await on.redis(),
    names: QUEUES,
    prefix: queuePrefix(on.config.KEY_PREFIX),
    log: on.log,
  })
  try {
    const counts = QUEUES.map(async (name) => [name, await queues.of[name]?.bull.getJobCounts()] as const)
    return Object.fromEntries((await Promise.all(counts)).map(([name, of]) => [name, of ?? {}]))
  } finally {
    await queues.stop()
  }
}

async function lengthOf(admin: Admin, existing: ReadonlySet<string>, topic: string): Promise<number> {
  if (!existing.has(topic)) return 0
  return (await logBounds(admin, [topic])).reduce((total, { low, high }) => total + high - low, 0)
}

export interface Status extends Whereabouts {
  /** Missing where Kafka or Redis did not answer. */
  readonly figures?: Figures
  readonly problem?: string
}

/** Where everything is, and the figures where they can be had. */
export async function collectStatus(reading: RunStateReading): Promise<Status> {
  return withInstallation(
    async (on) => {
      const where = whereabouts(reading, on.config.KAFKA_BROKERS, on.config.REDIS_URL)
      try {
        return { ...where, figures: await collectFigures(on) }
      } catch (thrown) {
        return { ...where, problem: asError(thrown).message }
      }
    },
    { runState: reading },
  )
}
