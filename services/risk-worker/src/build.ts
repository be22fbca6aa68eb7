import { mayContact, type OpenModel, openBackend, openChampion } from '@holdfast/champion'
import { createDecoder, type Job, QUEUES, queuePrefix, RISK_WORKER_METRICS } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import {
  claimShard,
  connectAdmin,
  connectProducer,
  connectRedis,
  createKafka,
  createMetrics,
  createQueues,
  createShardConsumer,
  ensureTopics,
  inputTopicsOf,
  type Logger,
  logBounds,
  modelStore,
  openClock,
  policyOf,
  registerCodecs,
  type ServiceContext,
  startProbeServer,
  topicsOf,
  withKafkaTrouble,
} from '@holdfast/platform'
import { createShadow } from './champion-shadow.ts'
import { ModelSweep } from './champion-sweep.ts'
import { type Config, timelineLengthOf } from './config.ts'
import { IntakeStop } from './intake-stop.ts'
import { createIntakeStep } from './lane/intake.ts'
import { createLookStep } from './lane/look.ts'
import { ShardLane } from './lane/shard-lane.ts'
import { observe } from './observe.ts'
import { Relay } from './relay.ts'
import { ShardOwner } from './shard-owner.ts'
import { Turns } from './turns.ts'

export interface RiskWorker {
  /** Where /healthz, /readyz and /metrics are. */
  readonly probeUrl: string
}

/** Puts the risk-worker together and starts it: the only place that knows which broker, database and model it works with. */
export async function buildRiskWorker(
  config: Config,
  log: Logger,
  { lifecycle, fail }: ServiceContext,
): Promise<RiskWorker> {
  const topics = topicsOf(config)
  const policy = await policyOf(config)
  const timelineLength = await timelineLengthOf(config)

  registerCodecs()
  const kafka = createKafka(config, log)
  const { admin } = await lifecycle.start('admin', () => connectAdmin(kafka))
  const inputs = inputTopicsOf(topics)
  const report = await withKafkaTrouble(() =>
    ensureTopics(admin, {
      inputs: Object.values(inputs),
      changes: [topics.riskChanges],
      deadLetters: [topics.deadLetters],
      partitions: config.TOPIC_PARTITIONS,
      replicationFactor: config.TOPIC_REPLICATION,
      now: Date.now(),
    }),
  )
  for (const { warnings } of report.topics) for (const warning of warnings) log.warn(warning)

  const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-shards' }))
  const clock = await lifecycle.start('clock', () => openClock(redis.client, config.KEY_PREFIX))
  const queueRedis = await lifecycle.start('redis for queues', () =>
    connectRedis(config.REDIS_URL, { log, name: 'holdfast-queues' }),
  )
  const queues = await lifecycle.start('queues', () =>
    createQueues<Record<ActionKind, Job>>({
      client: queueRedis.client,
      names: QUEUES,
      prefix: queuePrefix(config.KEY_PREFIX),
      log,
    }),
  )
  const producer = await lifecycle.start('producer', () => connectProducer(kafka))

  const metrics = createMetrics(RISK_WORKER_METRICS, { service: 'risk-worker' })
  const backend = await openBackend(log)
  const observer = observe(metrics.of, { backend: backend.name })
  const maySend = (model: OpenModel) => mayContact(model, config)
  const champion = await lifecycle.start('models', () =>
    openChampion({
      store: modelStore(redis.client, config.KEY_PREFIX),
      ...{ backend, config, log, seeds: true },
      onRefused: observer.models.onRefused,
      onChampion(model, before) {
        observer.models.onChampion(model, before)
        if (maySend(model) || policy.sendWithGeneratedModel) return
        log.warn(
          { model: model.manifest.version },
          'the model learned from a generated shop: decisions are recorded, not sent, until "holdfast train" has learned from your log',
        )
      },
    }),
  )
  const intakeStop = new IntakeStop({
    client: redis.client,
    prefix: config.KEY_PREFIX,
    window: config.INVALID_WINDOW,
    log,
    onStop: () => owner.stopIntake(),
    onResume: () => owner.resumeIntake(),
  })
  const decode = createDecoder({ base: config.BASE_CURRENCY, rates: config.CURRENCY_RATES, topics })
  const intake = createIntakeStep({ decode, partitionCount: report.partitions, domainTime: clock.domainTime })

  const atWork = new Turns()
  const owner = new ShardOwner({
    log,
    topics: inputs,
    partitionCount: report.partitions,
    lookLimit: config.LOOK_LIMIT,
    lookIntervalMs: config.LOOK_INTERVAL_MS,
    claim: (partition) => claimShard({ client: redis.client, prefix: config.KEY_PREFIX, partition }),
    async logBounds(partition) {
      const bounds = await logBounds(admin, Object.values(inputs))
      return bounds.filter((bound) => bound.partition === partition)
    },
    openLane: (store, bounds, hooks) =>
      new ShardLane({
        store,
        topics: inputs,
        partitionCount: report.partitions,
        logBounds: bounds,
        intake,
        look: observer.timed(
          createLookStep({
            inUse() {
              const { inUse } = champion
              return { model: inUse.riskModel, scorer: inUse.scorer, maySend: maySend(inUse) }
            },
            shadow: createShadow(() => champion.challenger, metrics.of, log),
            policy,
            currency: config.BASE_CURRENCY,
            partition: store.partition,
          }),
        ),
        clock,
        log,
        gatherEvents: Math.ceil(config.GATHER_EVENTS / report.partitions),
        timelineLength,
        lookLimit: config.LOOK_LIMIT,
        atWork,
        events: { ...observer.lane, onOutbox: hooks.onOutbox, onBroken: hooks.onBroken },
        admit: (records, invalidAt) => intakeStop.admit(records, invalidAt),
        seek: hooks.seek,
      }),
    openRelay: (store) => new Relay({ store, topics, producer, queues, clock, log, ...observer.relay }),
    openSweep: (store, lane) =>
      new ModelSweep({
        ...{ store, lane, clock, log },
        model: () => champion.inUse.digest,
        perSecond: () => config.MODEL_SWEEP_PER_SECOND / Math.max(1, owner.lanes().length),
        onSwept: (customers) => metrics.of.modelSwept.inc(customers),
      }),
    isIntakeStopped: () => intakeStop.isStopped,
    onFatal: fail,
  })
  const consumer = createShardConsumer({
    kafka,
    log,
    groupId: config.KAFKA_GROUP,
    topics: Object.values(inputs),
    maxBytesPerPartition: config.KAFKA_FETCH_BYTES,
    minBytes: config.KAFKA_FETCH_MIN_BYTES,
    maxWaitMs: config.KAFKA_FETCH_WAIT_MS,
    sessionTimeoutMs: config.KAFKA_SESSION_MS,
    onBatch: owner.onBatch,
    onAssigned: owner.onAssigned,
    onRevoked: owner.onRevoked,
    onSkipped: owner.onSkipped,
    onFatal: owner.onFatal,
    onCrash: owner.onCrash,
  })
  await intakeStop.start()
  lifecycle.onStop('intake stop', () => intakeStop.stop())

  const probes = await lifecycle.start('probes', () =>
    startProbeServer({
      host: config.PROBE_HOST,
      port: config.PROBE_PORT,
      health: () => ({ ok: true, detail: { model: champion.inUse.manifest.version, backend: backend.name } }),
      ready() {
        const lanes = owner.lanes()
        const detail = {
          redis: redis.isReady(),
          model: champion.detail(),
          intakeStopped: intakeStop.isStopped,
          shards: lanes.map((lane) => ({
            partition: lane.partition,
            caughtUp: lane.isCaughtUp(),
            lag: Object.fromEntries(lane.lag()),
          })),
        }
        return { ok: redis.isReady() && !intakeStop.isStopped && lanes.length > 0, detail }
      },
      metrics: {
        contentType: metrics.contentType,
        async render() {
          await observer.sample(owner.lanes(), intakeStop.isStopped)
          return metrics.render()
        },
      },
    }),
  )

  // Stopping goes the other way: first the consumer (which lets batches finish and leaves the group), then appointments.
  lifecycle.onStop('shards', () => owner.stop())
  lifecycle.onStop('consumer', () => consumer.stop())
  owner.start(consumer)
  await consumer.start()
  return { probeUrl: probes.url }
}
