import { type InstallationKeys, installationKeys, type TopicNames } from '@holdfast/contracts'
import { type RunState, type RunStateReading, readRunState } from '@holdfast/local'
import {
  asError,
  connectProducer,
  connectRedis,
  createKafka,
  createLifecycle,
  createLogger,
  type DomainClock,
  type EventProducer,
  HoldfastError,
  type LogBounds,
  type Logger,
  logBounds,
  openClock,
  partitionCounts,
  type RedisClient,
  readShard,
  requireEqualCounts,
  type ShardReader,
} from '@holdfast/platform'
import { type Config, type Env, inputTopics, readSettings, topicsOf } from './config.ts'
import { nothingRunning } from './errors.ts'
import { apartFromLive } from './run/run-plan.ts'

export type Kafka = ReturnType<typeof createKafka>
export type Admin = ReturnType<Kafka['admin']>

/** Kafka and Redis as the commands use them: each is connected to when it is first asked for. */
export interface Installation {
  readonly config: Config
  readonly topics: TopicNames
  readonly keys: InstallationKeys
  readonly kafka: Kafka
  readonly log: Logger
  admin(): Promise<Admin>
  producer(): Promise<EventProducer>
  redis(): Promise<RedisClient>
  /** What the installation calls now. */
  clock(): Promise<DomainClock>
  logBounds(topics: readonly string[]): Promise<readonly LogBounds[]>
  /** How many shards there are: what the stored states were made with, else what the input topics have. */
  partitionCount(): Promise<number>
  shard(partition: number): Promise<ShardReader>
}

export interface Where {
  readonly env?: Env
  readonly runState?: RunStateReading
}

/**
 * The environment with the addresses of Kafka and Redis in it: those that it names itself, else those of the run that `up`
 * started here.
 * @throws HoldfastError NOTHING_RUNNING
 */
export function locate({ env = process.env, runState = readRunState() }: Where = {}): Env {
  const run: RunState | undefined = runState.kind === 'running' ? runState.state : undefined
  const brokers = env.KAFKA_BROKERS || run?.kafka.brokers.join(',')
  const redis = env.REDIS_URL || run?.redis.urls.join(',')
  if (brokers && redis) return { ...(run ? apartFromLive(run, env) : env), KAFKA_BROKERS: brokers, REDIS_URL: redis }
  const missing = [!brokers && 'KAFKA_BROKERS', !redis && 'REDIS_URL'].filter((name) => name !== false)
  const isAre = missing.length > 1 ? 'are' : 'is'
  throw nothingRunning(
    runState.kind === 'stale'
      ? 'the last run has ended without cleaning up'
      : `nothing has been started here, and ${missing.join(' and ')} ${isAre} not set`,
    `start everything with "npx holdfast up", or set ${missing.join(' and ')} to use your own.`,
  )
}

/** Runs `work` on the installation and closes every connection afterwards, whatever happens. */
export async function withInstallation<T>(work: (on: Installation) => Promise<T>, where: Where = {}): Promise<T> {
  const config = readSettings(locate(where))
  const lifecycle = createLifecycle({ deadlineMs: 5_000 })
  const log = createLogger({ service: 'cli', level: config.LOG_LEVEL, pretty: true, destination: process.stderr })
  const topics = topicsOf(config)
  let kafka: Kafka | undefined
  // Its library is slow to load, and `inspect` needs only Redis.
  const kafkaClient = () => {
    kafka ??= createKafka(config, log)
    return kafka
  }

  const redis = once(async () => {
    const name = 'holdfast-cli'
    const { client } = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name, attempts: 3 }))
    return client
  })
  const admin = once(async () => {
    const connected = kafkaClient().admin()
    lifecycle.onStop('admin', () => connected.disconnect())
    await connected.connect().catch(unreachable(config))
    return connected
  })
  const shard = async (partition: number) => readShard({ client: await redis(), prefix: config.KEY_PREFIX, partition })

  try {
    return await work({
      config,
      topics,
      get kafka() {
        return kafkaClient()
      },
      log,
      admin,
      redis,
      logBounds: async (names) => logBounds(await admin(), names),
      clock: once(async () => {
        const client = await redis()
        return lifecycle.start('clock', () => openClock(client, config.KEY_PREFIX))
      }),
      shard,
      keys: installationKeys(config.KEY_PREFIX),
      producer: once(() =>
        lifecycle.start('producer', () => connectProducer(kafkaClient()).catch(unreachable(config))),
      ),
      async partitionCount() {
        const stored = (await (await shard(0)).meta()).partitionCount
        return stored ?? inputPartitions(await admin(), topics)
      },
    })
  } finally {
    await lifecycle.stop()
  }
}

/** @throws HoldfastError TOPICS_MISSING */
async function inputPartitions(admin: Admin, topics: TopicNames): Promise<number> {
  const existing = new Set(await admin.listTopics())
  const missing = inputTopics(topics).filter((topic) => !existing.has(topic))
  if (missing.length > 0) {
    throw new HoldfastError({
      code: 'TOPICS_MISSING',
      message: `these topics do not exist: ${missing.join(', ')}`,
      cure: 'start the risk-worker, which creates them ("npx holdfast up"), or correct the TOPIC_… variables.',
    })
  }
  return requireEqualCounts(await partitionCounts(admin, inputTopics(topics)))
}

function unreachable({ KAFKA_BROKERS }: Config) {
  return (cause: unknown): never => {
    throw new HoldfastError({
      code: 'KAFKA_UNREACHABLE',
      message: `no broker answers at ${KAFKA_BROKERS.join(', ')}`,
      cause: asError(cause),
      cure: 'start it, or set KAFKA_BROKERS; "npx holdfast status" says what is running here.',
    })
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
