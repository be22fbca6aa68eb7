import { queuePrefix, RETRAINING_QUEUE, TRAINER_METRICS, WATCH_METRICS } from '@holdfast/contracts'
import {
  connectRedis,
  createMetrics,
  createQueueWorker,
  type Logger,
  modelStore,
  readClockMap,
  type ServiceContext,
  startProbeServer,
} from '@holdfast/platform'
import type { Config } from './config.ts'
import { openRetrainingQueue, retrainingJobSchema } from './retraining/job.ts'
import { createObserver } from './retraining/observe.ts'
import { retrainingStore } from './retraining/record.ts'
import { createRetrainStep } from './retraining/retrain.ts'
import { runChild } from './retraining/run-child.ts'
import { setSchedule } from './retraining/schedule.ts'
import { createWatchStep } from './retraining/watch.ts'

/** How often it is made sure that the schedules are there, ms. */
const LOOK_AFTER_MS = 60_000

export interface Trainer {
  /** Where /healthz, /readyz and /metrics are. */
  readonly probeUrl: string
}

/** Puts the trainer together as a service and starts it. What computes is another process, for as long as it takes. */
export async function buildTrainer(config: Config, log: Logger, { lifecycle }: ServiceContext): Promise<Trainer> {
  const prefix = config.KEY_PREFIX
  const redis = await lifecycle.start('redis', () => connectRedis(config.REDIS_URL, { log, name: 'holdfast-trainer' }))
  const { client } = redis
  const queue = await lifecycle.start('queue', () => openRetrainingQueue({ client, prefix, log }))
  const models = modelStore(client, prefix)
  const record = retrainingStore(client, prefix)
  const metrics = createMetrics({ ...TRAINER_METRICS, ...WATCH_METRICS }, { service: 'trainer' })
  const observer = createObserver({ metrics: metrics.of, queue, record })

  const breakOff = new AbortController()
  const signal = breakOff.signal
  const retrain = createRetrainStep({
    ...{ models, record, log, signal },
    run: runChild,
    clockMap: () => readClockMap(client, prefix),
    autoPromote: config.AUTO_PROMOTE,
    attempts: config.RETRAIN_ATTEMPTS,
    pauseMs: config.RETRAIN_PAUSE_MS,
    onEnded: observer.ended,
  })
  const watch = createWatchStep({
    ...{ queue, log, signal },
    run: runChild,
    retrainAbove: config.RETRAIN_ON_DRIFT,
    restMs: config.RETRAIN_DRIFT_REST,
    onWatched: observer.watched,
    onFailed: observer.watchFailed,
  })
  const worker = createQueueWorker({
    ...{ client, log, name: RETRAINING_QUEUE, prefix: queuePrefix(prefix) },
    concurrency: 1,
    lockMs: config.JOB_LOCK_MS,
    async handle(job) {
      const data = retrainingJobSchema.parse(job.data)
      return data.kind === 'watch' ? watch() : observer.whileRunning(() => retrain(job, data))
    },
  })

  const probes = await lifecycle.start('probes', () =>
    startProbeServer({
      host: config.PROBE_HOST,
      port: config.PROBE_PORT,
      health: () => ({ ok: true, detail: {} }),
      ready() {
        const detail = { redis: redis.isReady(), queue: worker.isRunning() }
        return { ok: detail.redis && detail.queue, detail }
      },
      metrics: {
        contentType: metrics.contentType,
        async render() {
          // Of what only Redis knows nothing is said while it does not answer.
          if (redis.isReady()) await observer.sample()
          return metrics.render()
        },
      },
    }),
  )

  const setUp = async () => {
    // One training at a time, however many trainers there are.
    await queue.bull.setGlobalConcurrency(1)
    await setSchedule(queue, 'retrain', config.RETRAIN_SCHEDULE, { kind: 'retrain', why: 'schedule' })
    await setSchedule(queue, 'watch', config.WATCH_EVERY, { kind: 'watch' })
  }
  await setUp()
  // Redis may be emptied, or put back to what it was before there was a schedule.
  const again = setInterval(() => {
    if (redis.isReady()) setUp().catch((err) => log.warn({ err }, 'the schedules cannot be looked after'))
  }, LOOK_AFTER_MS)
  lifecycle.onStop('schedules', async () => clearInterval(again))

  // Stopping goes the other way: first what computes is broken off, then its job can go back to the queue.
  lifecycle.onStop('queue worker', () => worker.stop())
  lifecycle.onStop('training', async () => breakOff.abort())
  worker.start()
  return { probeUrl: probes.url }
}
