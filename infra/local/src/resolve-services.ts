import { join } from 'node:path'
import { type ComposeService, composeEngineAnswers, startWithCompose } from './compose.ts'
import { ensureInstalled, type Machine } from './ensure-installed.ts'
import { dataFolder, type RunMode } from './folders.ts'
import { MEMBERS_STARTED_TOGETHER_MS, startKafka } from './kafka.ts'
import { resolveKafkaJars } from './kafka-jars.ts'
import { type Say, sayOnStderr } from './progress.ts'
import { startRedis } from './redis.ts'

/** Where a service came from, in the order in which they are tried. */
export type ServiceOrigin = 'environment' | 'embedded' | 'compose'

export interface ResolvedKafka {
  readonly origin: ServiceOrigin
  readonly brokers: string[]
  /** Of the embedded broker. */
  readonly pid?: number
  /** Stops what was started; what was given by the environment runs on. */
  stop(withinMs?: number): Promise<void>
}

export interface ResolvedRedis {
  readonly origin: ServiceOrigin
  readonly urls: string[]
  readonly pid?: number
  stop(withinMs?: number): Promise<void>
}

export interface ResolvedServices {
  readonly kafka: ResolvedKafka
  readonly redis: ResolvedRedis
  stop(withinMs?: number): Promise<void>
}

export interface ResolveOptions {
  readonly mode?: RunMode
  readonly env?: NodeJS.ProcessEnv
  readonly say?: Say
  /** Default: `<mode>` in the home of this checkout (`HOLDFAST_HOME`, else `.holdfast`). */
  readonly dataDir?: string
  /** What may be installed here; a parameter so that tests can play other machines. */
  readonly machine?: Machine
}

/**
 * Kafka and Redis, each on its own: the one that KAFKA_BROKERS or REDIS_URL names (comma-separated); else an embedded one, with
 * its programs installed if need be; else one in Docker Compose. Throws with the command to type when none of the three
 * can be had; nothing is left running then.
 */
export const resolveServices = async (options: ResolveOptions = {}): Promise<ResolvedServices> => {
  const { mode = 'live', env = process.env, say = sayOnStderr } = options
  const dir = options.dataDir ?? dataFolder(mode)
  const installing = { say, ...(options.machine && { machine: options.machine }) }
  // One after the other, because two apt-get cannot run at once. The starts run together.
  const kafkaOrigin = await chooseOrigin('kafka', env.KAFKA_BROKERS, say, async () => {
    await ensureInstalled(['java', 'maven'], installing)
    await resolveKafkaJars(say)
  })
  const redisOrigin = await chooseOrigin('redis', env.REDIS_URL, say, () =>
    ensureInstalled(['redis-server'], installing),
  )
  const [kafka, redis] = await Promise.allSettled([
    resolveKafka(kafkaOrigin, env, mode, join(dir, 'kafka'), say),
    resolveRedis(redisOrigin, env, mode, join(dir, 'redis'), say),
  ])
  if (kafka.status === 'rejected' || redis.status === 'rejected') {
    if (kafka.status === 'fulfilled') await kafka.value.stop()
    if (redis.status === 'fulfilled') await redis.value.stop()
    throw kafka.status === 'rejected' ? kafka.reason : redis.status === 'rejected' && redis.reason
  }
  const stop = async (withinMs?: number) => {
    const stopped = await Promise.allSettled([kafka.value.stop(withinMs), redis.value.stop(withinMs)])
    for (const result of stopped) if (result.status === 'rejected') throw result.reason
  }
  return { kafka: kafka.value, redis: redis.value, stop }
}

const list = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** `prepare` makes sure of all that the embedded service needs, or throws what to do about it. */
const chooseOrigin = async (
  service: ComposeService,
  given: string | undefined,
  say: Say,
  prepare: () => Promise<unknown>,
): Promise<ServiceOrigin> => {
  if (given) return 'environment'
  try {
    await prepare()
    return 'embedded'
  } catch (error) {
    if (await composeEngineAnswers()) {
      say(`${service}: using docker compose, because ${messageOf(error)}`)
      return 'compose'
    }
    const variable = service === 'kafka' ? 'KAFKA_BROKERS=host:port' : 'REDIS_URL=redis://host:port'
    throw new Error(
      `no ${service} to run with: ${messageOf(error)}\nOr set ${variable} to use one of yours, or start a Docker engine.`,
      { cause: error },
    )
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const resolveKafka = async (
  origin: ServiceOrigin,
  env: NodeJS.ProcessEnv,
  mode: RunMode,
  dir: string,
  say: Say,
): Promise<ResolvedKafka> => {
  if (origin === 'environment') return { origin, brokers: list(env.KAFKA_BROKERS ?? ''), stop: async () => {} }
  if (origin === 'embedded') {
    const { brokers, pid, stop } = await startKafka({ dir, membersWithinMs: MEMBERS_STARTED_TOGETHER_MS, say })
    return { origin, brokers, pid, stop }
  }
  const { port, stop } = await startWithCompose({ service: 'kafka', mode, say })
  return { origin, brokers: [`127.0.0.1:${port}`], stop }
}

const resolveRedis = async (
  origin: ServiceOrigin,
  env: NodeJS.ProcessEnv,
  mode: RunMode,
  dir: string,
  say: Say,
): Promise<ResolvedRedis> => {
  if (origin === 'environment') return { origin, urls: list(env.REDIS_URL ?? ''), stop: async () => {} }
  if (origin === 'embedded') {
    const { url, pid, stop } = await startRedis({ dir, say })
    return { origin, urls: [url], pid, stop }
  }
  const { port, stop } = await startWithCompose({ service: 'redis', mode, say })
  return { origin, urls: [`redis://127.0.0.1:${port}`], stop }
}
