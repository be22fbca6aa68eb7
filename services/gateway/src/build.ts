import { createDecoder, GATEWAY_METRICS } from '@holdfast/contracts'
import {
  connectAdmin,
  connectRedis,
  createHttpApp,
  createKafka,
  createLogger,
  createMetrics,
  ensureTopics,
  inputTopicsOf,
  type Logger,
  observeAnswers,
  openClock,
  type ServiceContext,
  startHttpApp,
  topicsOf,
  withKafkaTrouble,
} from '@holdfast/platform'
import type { Config } from './config.ts'
import { createPrepare } from './event/prepare.ts'
import { describeEvents } from './http/describe.ts'
import { addEventsRoute } from './http/events-route.ts'
import { InFlight } from './log/in-flight.ts'
import { watchKafka } from './log/kafka-watch.ts'
import { openLogWriter } from './log/log-writer.ts'
import { RecentlyWritten } from './log/recently-written.ts'

export interface Gateway {
  readonly url: string
}

/** What every topic takes in one batch, unless somebody made it smaller than Kafka does by default. */
const MAX_SEND_BYTES = 1_000_000
const WATCH_EVERY_MS = 1_000
const WATCH_PATIENCE_MS = 3_000

/** Puts the gateway together and starts it: the only place that knows which broker it writes to. */
export async function buildGateway(config: Config, log: Logger, { lifecycle }: ServiceContext): Promise<Gateway> {
  const topics = topicsOf(config)
  const inputs = inputTopicsOf(topics)
  const metrics = createMetrics(GATEWAY_METRICS, { service: 'gateway' })
  const inFlight = new InFlight(config.IN_FLIGHT_MAX_BYTES)
  const access = {
    token: config.GATEWAY_TOKEN,
    host: config.GATEWAY_HOST,
    tokenSetting: 'GATEWAY_TOKEN',
    hostSetting: 'GATEWAY_HOST',
  }
  // First of all, because it says at once if strangers could come in. It listens last.
  const app = await createHttpApp({
    log,
    access,
    title: 'Holdfast gateway',
    description: 'Events in: CloudEvents over HTTP, to Kafka.',
    maxBodyBytes: config.BODY_MAX_BYTES,
    describe: describeEvents,
    health: () => ({ ok: true, detail: { inFlightBytes: inFlight.bytes } }),
    ready: () => ({ ok: watch.isReachable(), detail: { kafka: watch.isReachable(), inFlightBytes: inFlight.bytes } }),
    metrics: {
      contentType: metrics.contentType,
      async render() {
        metrics.of.inFlightBytes.set(inFlight.bytes)
        metrics.of.kafkaReachable.set(watch.isReachable() ? 1 : 0)
        return metrics.render()
      },
    },
    onAnswered: observeAnswers(metrics.of),
  })

  const kafka = createKafka(config, log)
  const { admin, stop } = await connectAdmin(kafka)
  const report = await withKafkaTrouble(() =>
    ensureTopics(admin, {
      inputs: Object.values(inputs),
      changes: [],
      deadLetters: [],
      partitions: config.TOPIC_PARTITIONS,
      replicationFactor: config.TOPIC_REPLICATION,
      now: Date.now(),
    }),
  ).finally(stop)
  const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-gateway' }))
  const clock = await lifecycle.start('clock', () => openClock(redis.client, config.KEY_PREFIX))
  const writer = await lifecycle.start('log writer', () =>
    openLogWriter({
      kafka,
      topics: inputs,
      partitionCount: report.partitions,
      lingerMs: config.LINGER_MS,
      maxSendBytes: MAX_SEND_BYTES,
      onSent({ topic, records, seconds }) {
        metrics.of.sentRecords.observe({ topic }, records)
        metrics.of.sendSeconds.observe({ topic }, seconds)
      },
    }),
  )
  // Its own connection without retries: it is to say how things are, now. What it meets is told once, by the watch.
  const quiet = createLogger({ service: 'gateway', level: 'silent' })
  const { admin: scout } = await lifecycle.start('scout', () =>
    connectAdmin(createKafka(config, quiet, { retries: 0 })),
  )
  const watch = await lifecycle.start('watch', () =>
    watchKafka({
      ping: () => scout.fetchTopicMetadata({ topics: [inputs.purchases] }),
      everyMs: WATCH_EVERY_MS,
      patienceMs: WATCH_PATIENCE_MS,
      log,
    }),
  )

  const recently = new RecentlyWritten(config.REMEMBERED_EVENTS)
  addEventsRoute(app, {
    prepare: createPrepare({
      decode: createDecoder({ base: config.BASE_CURRENCY, rates: config.CURRENCY_RATES, topics }),
      domainTime: clock.domainTime,
      maxBytes: config.EVENT_MAX_BYTES,
    }),
    write: ({ identity, role, subject, value, timestamp }) =>
      recently.once(identity, () => writer.write(role, { key: subject, value, timestamp })),
    isKafkaReachable: () => watch.isReachable(),
    inFlight,
    maxEvents: config.BATCH_MAX_EVENTS,
    maxBodyBytes: config.BODY_MAX_BYTES,
    answerWithinMs: config.ANSWER_WITHIN_MS,
    onEvents: (outcome, count) => metrics.of.events.inc({ outcome }, count),
  })
  // Stopped first: requests under way are answered, and then what they wrote has left.
  const { url } = await lifecycle.start('http', () =>
    startHttpApp(app, { host: config.GATEWAY_HOST, port: config.GATEWAY_PORT }),
  )
  return { url }
}
