import { type RunState, removeRunState, resolveServices, type Say, type Stoppable } from '@holdfast/local'
import { connectRedis, createKafka, createLogger, ensureTopics, formatRate } from '@holdfast/platform'
import { RISK_WORKERS_OF_A_RUN } from '@holdfast/risk-worker'
import { type Env, inputTopics, modelsFolder, readSettings, topicsOf, withRates } from '../config.ts'
import { day } from '../output/text.ts'
import { type ClockKeeper, keepClock } from './clock-keeper.ts'
import { followReplay } from './follow-replay.ts'
import { policyThatSends, saysWhatItMaySend, saysWhenTooLate } from './model-notice.ts'
import { bringModels, modelsOfRun } from './models-of-run.ts'
import { apartFromLive, type RunPlan } from './run-plan.ts'
import { createRunRecord } from './run-record.ts'
import { SERVICES } from './service-table.ts'
import { startOfReplay } from './start-of-replay.ts'
import { requireReady, startServices } from './start-service.ts'
import { untilCaughtUp } from './until-caught-up.ts'
import { watchShop } from './watch-shop.ts'

export interface PipelineOptions {
  readonly plan: RunPlan
  readonly say: Say
  /** Told of each thing that was started, as soon as it can be stopped. */
  readonly onStarted: (started: Stoppable) => void
  /** Aborted when it is to stop: nothing more is started then. */
  readonly signal: AbortSignal
}

export interface Pipeline {
  readonly state: RunState
  /** What all its processes were told. */
  readonly env: Env
  /** Resolves, with what to say, when a replay has come to the end of its log; never for what has no end. */
  readonly ended: Promise<string>
}

/** As which what holds the clock is told to `onStarted`; it needs Redis until the end. */
export const CLOCK_KEEPER = 'clock keeper'

/**
 * Starts Kafka and Redis where none are given, makes the topics, takes the clock in hand, starts the services, and keeps the
 * run state up to date. Resolves when all of it does its work and the clock runs.
 * @throws what failed to start; whatever was started before has been told to `onStarted`
 */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { plan, say, onStarted, signal } = options
  const { mode, feed } = plan
  const given = withRates(plan.env)
  // What is wrong with a file is better known before anything runs.
  const replay = feed.kind === 'replay' ? await startOfReplay(feed, given, say) : undefined

  const services = await resolveServices({ mode, env: { ...plan.env }, say })
  // Forgotten last: until then "down" can still find what hangs.
  onStarted({ name: 'run state', stop: async () => removeRunState() })
  onStarted({ name: 'redis', stop: (ms) => services.redis.stop(ms) })
  onStarted({ name: 'kafka', stop: (ms) => services.kafka.stop(ms) })
  signal.throwIfAborted()

  const run = createRunRecord(mode, services)
  const env: Env = {
    // After a crash a new member waits for the old one's session to end.
    KAFKA_SESSION_MS: '10000',
    LOG_IS_GENERATED: String(feed.kind === 'shop'),
    ...apartFromLive(run.state(), given),
    ...(plan.modelMaySend && { POLICY_FILE: await policyThatSends(plan) }),
    KAFKA_BROKERS: services.kafka.brokers.join(','),
    REDIS_URL: services.redis.urls.join(','),
  }
  const partitions = await makeTopics(env, say)
  signal.throwIfAborted()
  if (feed.kind !== 'shop') await saysWhatItMaySend(plan, env, say)
  await saysWhenTooLate(plan, env, say)

  const clock = await openKeptClock(plan.rate, replay?.beginsAt ?? Date.now(), env, onStarted)
  if (!given.MODELS_DIR) await bringModels(modelsFolder(readSettings(env)), modelsOfRun(mode))
  const specs = SERVICES.filter(({ isPartOf }) => isPartOf(plan, partitions))
  const urls = await startServices(specs, { plan, run, env, say, onStarted, signal })
  signal.throwIfAborted()
  const shop = urls.get('shop')
  if (shop !== undefined) await watchShop(shop, say, signal)
  // They may have fallen over the first events.
  for (const worker of RISK_WORKERS_OF_A_RUN.slice(0, partitions)) await requireReady(worker, run, signal)

  if (clock !== undefined) await letRun(clock)
  const ended =
    replay === undefined || clock === undefined ? never() : followReplay({ ...replay, clock, env, urls, plan, signal })
  return { state: run.state(), env, ended }

  async function letRun(keeper: ClockKeeper): Promise<void> {
    // Time that passed meanwhile would be time in which nobody was looked at.
    await untilCaughtUp(env, say, signal)
    // Once more, to be stopped first: a run that stops must not lose days.
    onStarted({ name: 'clock', stop: (ms) => keeper.stop(ms) })
    say(`the clock goes on from ${day(keeper.clock.now())}, ${formatRate(plan.rate ?? 1)}`)
    await keeper.start()
  }
}

/** Nothing is stored where the system clock is used. */
async function openKeptClock(
  rate: number | undefined,
  beginsAt: number,
  env: Env,
  onStarted: (started: Stoppable) => void,
): Promise<ClockKeeper | undefined> {
  if (rate === undefined) return undefined
  const config = readSettings(env)
  const log = createLogger({ service: 'up', level: 'silent' })
  const redis = await connectRedis(config.REDIS_URL, { log, name: 'holdfast-clock' })
  const keeper = await keepClock({ client: redis.client, prefix: config.KEY_PREFIX, rate, beginsAt })
  onStarted({
    name: CLOCK_KEEPER,
    async stop(withinMs) {
      await keeper.stop(withinMs)
      await redis.stop()
    },
  })
  return keeper
}

function never(): Promise<never> {
  return new Promise(() => {})
}

/** Returns how many partitions, and so shards, there are. */
async function makeTopics(env: Env, say: Say): Promise<number> {
  const config = readSettings(env)
  const topics = topicsOf(config)
  const admin = createKafka(config, createLogger({ service: 'up', level: 'silent' })).admin()
  try {
    await admin.connect()
    const { topics: made, partitions } = await ensureTopics(admin, {
      inputs: inputTopics(topics),
      changes: [topics.riskChanges],
      deadLetters: [topics.deadLetters],
      partitions: config.TOPIC_PARTITIONS,
      replicationFactor: config.TOPIC_REPLICATION,
      now: Date.now(),
    })
    const created = made.filter((topic) => topic.created)
    if (created.length > 0) say(`topics created: ${created.map(({ topic }) => topic).join(', ')}`)
    for (const { warnings } of made) for (const warning of warnings) say(`warning: ${warning}`)
    return partitions
  } finally {
    await admin.disconnect()
  }
}
