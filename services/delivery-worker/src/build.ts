import { DELIVERY_WORKER_METRICS, type Job, QUEUES, queuePrefix } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import {
  asError,
  connectAdmin,
  connectProducer,
  connectRedis,
  createKafka,
  createMetrics,
  createQueues,
  createQueueWorker,
  inputTopicsOf,
  type Logger,
  logBounds,
  openClock,
  policyOf,
  type ServiceContext,
  startProbeServer,
  topicsOf,
  withKafkaTrouble,
} from '@holdfast/platform'
import { ChannelRest } from './channel-rest.ts'
import type { Channel, ChannelName } from './channels/channel.ts'
import { createEmailChannel, unsubscribeLink } from './channels/email.ts'
import { createSlackChannel } from './channels/slack.ts'
import { createWebhookChannel } from './channels/webhook.ts'
import { type Config, requireChannels } from './config.ts'
import { Customers } from './customers.ts'
import { createDeliverStep } from './deliver.ts'
import { LogEnds } from './log-ends.ts'
import { createComposer } from './message/message.ts'
import { loadTemplates, OWN_TEMPLATES } from './message/templates.ts'
import { createObserver } from './observe.ts'
import { createOutcomeWriter } from './outcome-events.ts'
import type { Outlet } from './outlet.ts'

export interface DeliveryWorker {
  /** Where /healthz, /readyz and /metrics are. */
  readonly probeUrl: string
}

/** Puts the delivery-worker together and starts it: the only place that knows which broker, database and channels it works with. */
export async function buildDeliveryWorker(
  config: Config,
  log: Logger,
  { lifecycle }: ServiceContext,
): Promise<DeliveryWorker> {
  requireChannels(config)
  const topics = inputTopicsOf(topicsOf(config))
  const policy = await policyOf(config)
  const templates = await loadTemplates(config.TEMPLATES_DIR || OWN_TEMPLATES)
  const prefix = config.KEY_PREFIX

  const kafka = createKafka(config, log)
  const { admin } = await lifecycle.start('admin', () => connectAdmin(kafka))
  const producer = await lifecycle.start('producer', () => connectProducer(kafka))
  const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-shards' }))
  const queueRedis = await lifecycle.start('redis for queues', () =>
    connectRedis(config.REDIS_URL, { log, name: 'holdfast-queues' }),
  )
  const clock = await lifecycle.start('clock', () => openClock(redis.client, prefix))
  const queues = await lifecycle.start('queues', () =>
    createQueues<Record<ActionKind, Job>>({
      client: queueRedis.client,
      names: QUEUES,
      prefix: queuePrefix(prefix),
      log,
    }),
  )

  const logEnds = new LogEnds(config.FRESH_WITHIN_MS)
  const lookAtLog = async () => {
    const askedAt = performance.now()
    logEnds.add(askedAt, await logBounds(admin, Object.values(topics)))
  }
  await withKafkaTrouble(lookAtLog)
  const watch = repeat(lookAtLog, Math.min(1_000, config.FRESH_WITHIN_MS / 5), (err) =>
    log.warn({ err }, 'Kafka does not say where the log ends; jobs wait'),
  )
  lifecycle.onStop('watch of the log', watch.stop)

  const metrics = createMetrics(DELIVERY_WORKER_METRICS, { service: 'delivery-worker' })
  const customers = new Customers({ client: redis.client, prefix, logEnds, log })
  const outletsOf = outlets(config)
  const workers = QUEUES.filter((action) => outletsOf[action].length > 0).map((action) =>
    createQueueWorker({
      client: queueRedis.client,
      name: action,
      prefix: queuePrefix(prefix),
      log,
      concurrency: config.DELIVERY_CONCURRENCY,
      lockMs: config.JOB_LOCK_MS,
      handle: createDeliverStep({
        outlets: outletsOf[action],
        customers,
        compose: createComposer({
          templates,
          teamLocale: config.TEAM_LOCALE,
          shopName: config.SHOP_NAME,
          shopUrl: config.SHOP_URL,
        }),
        writeOutcome: createOutcomeWriter(producer, topics.actions),
        policy,
        clock,
        log,
        attempts: config.DELIVERY_ATTEMPTS,
        backoff: { baseMs: config.DELIVERY_BACKOFF_MS, maxMs: config.DELIVERY_BACKOFF_MAX_MS },
        observer: createObserver(metrics.of),
      }),
    }),
  )
  for (const action of QUEUES) {
    if (outletsOf[action].length === 0) log.warn({ queue: action }, 'no channel serves this queue: its jobs wait here')
  }

  const probes = await lifecycle.start('probes', () =>
    startProbeServer({
      host: config.PROBE_HOST,
      port: config.PROBE_PORT,
      health: () => ({ ok: true, detail: {} }),
      ready() {
        const queuesWorked = workers.map((worker) => ({ queue: worker.name, isRunning: worker.isRunning() }))
        const isRunning = queuesWorked.every((worker) => worker.isRunning)
        return { ok: redis.isReady() && isRunning, detail: { redis: redis.isReady(), queues: queuesWorked } }
      },
      metrics: {
        contentType: metrics.contentType,
        async render() {
          for (const action of QUEUES) {
            for (const { channel, rest } of outletsOf[action]) {
              metrics.of.channelResting.set({ action, channel: channel.name }, rest.isResting(Date.now()) ? 1 : 0)
            }
          }
          // Of what only Redis knows nothing is said while it does not answer.
          if (queueRedis.isReady()) {
            for (const action of QUEUES) {
              const counts = await queues.of[action].bull.getJobCounts('waiting', 'active', 'delayed', 'failed')
              for (const [state, jobs] of Object.entries(counts)) metrics.of.queueJobs.set({ action, state }, jobs)
            }
          }
          return metrics.render()
        },
      },
    }),
  )

  lifecycle.onStop('queue workers', async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
  })
  for (const worker of workers) worker.start()
  return { probeUrl: probes.url }
}

function outlets(config: Config): Readonly<Record<ActionKind, readonly Outlet[]>> {
  const timeoutMs = config.DELIVERY_TIMEOUT_MS
  const smtpUrl = config.SMTP_URL
  const from = config.MAIL_FROM
  const rest = (channel: Channel): Outlet => ({ channel, rest: new ChannelRest() })
  const outreach: Readonly<Record<ChannelName, () => Channel>> = {
    webhook: () =>
      createWebhookChannel({ url: config.OUTREACH_WEBHOOK_URL, secret: config.OUTREACH_WEBHOOK_SECRET, timeoutMs }),
    slack: () => createSlackChannel({ url: config.OUTREACH_SLACK_URL, timeoutMs }),
    email: () => createEmailChannel({ smtpUrl, from, timeoutMs, to: config.OUTREACH_MAIL_TO }),
  }
  const reactivation: Readonly<Record<ChannelName, () => Channel>> = {
    webhook: () =>
      createWebhookChannel({
        url: config.REACTIVATION_WEBHOOK_URL,
        secret: config.REACTIVATION_WEBHOOK_SECRET,
        timeoutMs,
      }),
    slack: () => createSlackChannel({ url: config.REACTIVATION_SLACK_URL, timeoutMs }),
    email: () =>
      createEmailChannel({
        smtpUrl,
        from,
        timeoutMs,
        to: undefined,
        unsubscribeUrl: (id) => unsubscribeLink(config.UNSUBSCRIBE_URL, config.UNSUBSCRIBE_SECRET, id),
      }),
  }
  return {
    'proactive-outreach': config.OUTREACH_CHANNELS.map((name) => rest(outreach[name]())),
    reactivation: config.REACTIVATION_CHANNELS.map((name) => rest(reactivation[name]())),
  }
}

/** One run after the other, with a pause between; a failure is told and does not end it. */
function repeat(task: () => Promise<void>, pauseMs: number, onFailure: (error: Error) => void) {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const next = () => {
    timer = setTimeout(() => {
      running = task()
        .catch((thrown: unknown) => onFailure(asError(thrown)))
        .then(() => (stopped ? undefined : next()))
    }, pauseMs)
  }
  next()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
