import { QUEUES, queuePrefix } from '@holdfast/contracts'
import { BANDS } from '@holdfast/core'
import { isAlive, type RunState, type RunStateReading } from '@holdfast/local'
import { asError, createQueues, type DomainClock } from '@holdfast/platform'
import { inputTopics } from '../config.ts'
import { type Installation, withInstallation } from '../installation.ts'
import { withoutPassword } from '../output/text.ts'

/** What is running and where. */
export interface Whereabouts {
  /** `none`: nothing was started here (Kafka and Redis may still be named by the environment). */
  readonly run: RunStateReading['kind']
  readonly mode?: RunState['mode']
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
  /** What the business calls now, RFC 3339. */
  readonly domainTime: string
  /** Domain ms a wall ms: 1 in live use, 0 while a scaled clock stands. */
  readonly rate: number
  readonly customers: number
  readonly byBand: Readonly<Record<string, number>>
  /** BullMQ's counts by queue and by status. */
  readonly jobs: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Records that are not in the states yet, by topic. */
  readonly lag: Readonly<Record<string, number>>
  /** Records that are in the states, over all topics. */
  readonly recordsRead: number
  readonly appointmentsOverdue: number
  /** Customers to be looked at within the next day and the next seven, domain time. */
  readonly appointmentsDueIn: { readonly day: number; readonly week: number }
  /** For how long the earliest appointment has been waiting, wall clock, s. */
  readonly lateSeconds: number
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
    ...(state && { mode: state.mode, startedAt: state.startedAt, pid: state.owner.pid }),
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

/** What is still to be done, over all shards. */
export async function collectBacklog(on: Installation): Promise<{ lag: number; overdue: number; outbox: number }> {
  const now = (await on.clock()).now()
  const { perShard, lag } = await readShards(on, now)
  return {
    lag: Object.values(lag).reduce((sum, n) => sum + n, 0),
    overdue: perShard.reduce((sum, shard) => sum + shard.overdue, 0),
    outbox: perShard.reduce((sum, shard) => sum + shard.outbox, 0),
  }
}

/** Reads the figures once. Zeros where topics or states do not exist yet. */
export async function collectFigures(on: Installation): Promise<Figures> {
  const clock = await on.clock()
  const { perShard, lag, existing, shards } = await readShards(on, clock.now())
  const sum = (of: (shard: (typeof perShard)[number]) => number) =>
    perShard.reduce((total, shard) => total + of(shard), 0)
  const counter = (name: string) => sum(({ counters }) => counters.get(name) ?? 0)
  return {
    domainTime: new Date(clock.now()).toISOString(),
    rate: clock.rate(),
    customers: counter('customers'),
    byBand: Object.fromEntries(BANDS.map((band) => [band, counter(`band:${band}`)])),
    jobs: await jobCounts(on),
    lag,
    recordsRead: sum(({ offsets }) => [...offsets.values()].reduce((total, offset) => total + offset, 0)),
    appointmentsOverdue: sum(({ overdue }) => overdue),
    appointmentsDueIn: {
      day: sum(({ dueInDay }) => dueInDay),
      week: sum(({ dueInWeek }) => dueInWeek),
    },
    lateSeconds: Math.max(0, ...perShard.map(({ earliest }) => lateSeconds(earliest, clock))),
    outbox: sum(({ outbox }) => outbox),
    deadLetters: await lengthOf(on, existing, on.topics.deadLetters),
    intakeStopped: await (await on.redis()).get(on.keys.intakeStopped),
    shards,
  }
}

/** For how long, wall clock, the earliest appointment has been waiting. */
function lateSeconds(earliest: number | undefined, clock: DomainClock): number {
  if (earliest === undefined || clock.rate() === 0) return 0
  return Math.max(0, clock.now() - earliest) / clock.rate() / 1_000
}

const DAY_MS = 86_400_000

/** Zeros where topics or states do not exist yet. @param now domain time, ms */
async function readShards(on: Installation, now: number) {
  const [admin, client] = [await on.admin(), await on.redis()]
  const existing = new Set(await admin.listTopics())
  const inputs = inputTopics(on.topics).filter((topic) => existing.has(topic))
  const bounds = await on.logBounds(inputs)
  const shards = Math.max(0, ...bounds.map(({ partition }) => partition + 1))
  const readers = await Promise.all(Array.from({ length: shards }, (_, partition) => on.shard(partition)))
  const perShard = await Promise.all(
    readers.map(async (shard) => {
      const { due } = shard.keys
      const [counters, overdue, outbox, meta, [, score], dueInDay, dueInWeek] = await Promise.all([
        shard.counters(),
        shard.overdue(now),
        shard.outboxLength(),
        shard.meta(),
        client.zrange(due, '0', '0', 'WITHSCORES'),
        client.zcount(due, `(${now}`, now + DAY_MS),
        client.zcount(due, `(${now}`, now + 7 * DAY_MS),
      ])
      const earliest = score === undefined ? undefined : Number(score)
      return { counters, overdue, outbox, offsets: meta.offsets, earliest, dueInDay, dueInWeek }
    }),
  )
  const lagOf = (topic: string) =>
    bounds
      .filter((bound) => bound.topic === topic)
      .reduce((total, { partition, low, high }) => {
        const next = perShard[partition]?.offsets.get(topic) ?? low
        return total + Math.max(0, high - next)
      }, 0)
  return { perShard, existing, shards, lag: Object.fromEntries(inputs.map((topic) => [topic, lagOf(topic)])) }
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

async function lengthOf(on: Installation, existing: ReadonlySet<string>, topic: string): Promise<number> {
  if (!existing.has(topic)) return 0
  return (await on.logBounds([topic])).reduce((total, { low, high }) => total + high - low, 0)
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
