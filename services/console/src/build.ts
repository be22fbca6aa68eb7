import { randomUUID } from 'node:crypto'
import { mayContact, openBackend, openChampion } from '@holdfast/champion'
import { CONSOLE_METRICS, encodeEvent, type Job, QUEUES, queuePrefix } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import {
  connectAdmin,
  connectProducer,
  connectRedis,
  createHttpApp,
  createKafka,
  createMetrics,
  createQueues,
  ensureTopics,
  HoldfastError,
  inputTopicsOf,
  type Logger,
  modelStore,
  openClock,
  policyOf,
  registerCodecs,
  type ServiceContext,
  startHttpApp,
  topicsOf,
  withKafkaTrouble,
} from '@holdfast/platform'
import type { AnswerEvent } from './actions/answer-event.ts'
import { createAnswerMemory } from './actions/answer-memory.ts'
import { ABOUT, addRoutes } from './app.ts'
import { followChanges } from './changes/follow-changes.ts'
import { ChangeRing } from './changes/ring.ts'
import { ChangeStreams } from './changes/streams.ts'
import type { Config } from './config.ts'
import { createModels } from './figures/models.ts'
import { createPipeline } from './figures/pipeline.ts'
import { createShards, within } from './shards.ts'

/** A body says what a person says: some sentences. */
const MOST_BODY_BYTES = 65_536
/** How long a person waits for the log to take what they said, ms. */
const SEND_WITHIN_MS = 10_000

/** Puts the console together and starts it. */
export async function buildConsole(
  config: Config,
  log: Logger,
  { lifecycle, fail }: ServiceContext,
): Promise<{ readonly url: string }> {
  const topics = topicsOf(config)
  const inputs = Object.values(inputTopicsOf(topics))
  const policy = await policyOf(config)

  registerCodecs()
  const kafka = createKafka(config, log)
  const { admin } = await lifecycle.start('admin', () => connectAdmin(kafka))
  const { partitions } = await withKafkaTrouble(() =>
    ensureTopics(admin, {
      inputs,
      changes: [topics.riskChanges],
      deadLetters: [topics.deadLetters],
      partitions: config.TOPIC_PARTITIONS,
      replicationFactor: config.TOPIC_REPLICATION,
      now: Date.now(),
    }),
  )
  const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-console' }))
  const backend = await openBackend(log)
  const champion = await lifecycle.start('models', () =>
    openChampion({ store: modelStore(redis.client, config.KEY_PREFIX), ...{ backend, config, log, seeds: false } }),
  )
  const clock = await lifecycle.start('clock', () => openClock(redis.client, config.KEY_PREFIX))
  const queues = await lifecycle.start('queues', () =>
    createQueues<Record<ActionKind, Job>>({
      client: redis.client,
      names: QUEUES,
      prefix: queuePrefix(config.KEY_PREFIX),
      log,
    }),
  )
  const producer = await lifecycle.start('producer', () => connectProducer(kafka))
  const send = ({ subject, ...event }: AnswerEvent) =>
    within(
      SEND_WITHIN_MS,
      withKafkaTrouble(() =>
        producer.sendBatch([
          {
            topic: topics.actions,
            messages: [{ key: subject, value: Buffer.from(encodeEvent({ subject, ...event })) }],
          },
        ]),
      ),
      logAway,
    )

  const metrics = createMetrics(CONSOLE_METRICS, { service: 'console' })
  const shards = createShards({ redis, prefix: config.KEY_PREFIX, count: partitions })
  const ring = new ChangeRing(config.CONSOLE_CHANGES_KEPT, randomUUID().slice(0, 8))
  const streams = new ChangeStreams({
    ring,
    log,
    most: config.CONSOLE_STREAMS,
    onDropped: (reason) => metrics.of.streamsDropped.inc({ reason }),
  })
  const changes = await lifecycle.start('band changes', () =>
    followChanges({
      kafka,
      admin,
      log,
      topic: topics.riskChanges,
      groupId: `${config.CONSOLE_KAFKA_GROUP}-${randomUUID()}`,
      ring,
      onChange: (outcome) => metrics.of.changes.inc({ outcome }),
      onFatal: fail,
    }),
  )

  const app = await createHttpApp({
    ...ABOUT,
    log,
    access: {
      token: config.CONSOLE_TOKEN,
      host: config.CONSOLE_HOST,
      tokenSetting: 'CONSOLE_TOKEN',
      hostSetting: 'CONSOLE_HOST',
    },
    maxBodyBytes: MOST_BODY_BYTES,
    health: () => ({ ok: true, detail: { model: champion.inUse.manifest.version, backend: backend.name } }),
    ready() {
      const detail = {
        redis: redis.isReady(),
        model: champion.detail(),
        changes: changes.isReading(),
        shards: partitions,
      }
      return { ok: detail.redis && detail.changes, detail }
    },
    metrics: {
      contentType: metrics.contentType,
      async render() {
        metrics.of.streams.set(streams.open)
        return metrics.render()
      },
    },
    onAnswered: ({ method, route, status, seconds }) =>
      metrics.of.requestSeconds.observe({ method, route, status: String(status) }, seconds),
  })
  addRoutes({
    app,
    clock,
    client: redis.client,
    shards,
    view: {
      currency: config.BASE_CURRENCY,
      policy,
      get model() {
        return champion.inUse.riskModel
      },
      get modelMaySend() {
        return mayContact(champion.inUse, config)
      },
      score(vector) {
        const { logits, probabilities } = champion.inUse.scorer.predict(Float32Array.from(vector), 1)
        return { logit: logits[0] ?? 0, probability: probabilities[0] ?? 0 }
      },
    },
    send: async (event) => {
      await send(event)
      metrics.of.answers.inc({ type: event.type })
    },
    memory: createAnswerMemory(redis, config.KEY_PREFIX),
    pipeline: createPipeline({ redis, prefix: config.KEY_PREFIX, shards, queues, admin, topics: inputs, clock }),
    models: createModels(redis, config.KEY_PREFIX),
    streams,
  })
  const { url } = await lifecycle.start('http', () =>
    startHttpApp(app, { host: config.CONSOLE_HOST, port: config.CONSOLE_PORT }),
  )
  return { url }
}

function logAway(): HoldfastError {
  return new HoldfastError({
    code: 'LOG_AWAY',
    message: 'Kafka did not confirm the event in time; it may be written all the same',
    cure: 'say it again with the same Idempotency-Key, and it is one event.',
    canRetry: true,
  })
}
