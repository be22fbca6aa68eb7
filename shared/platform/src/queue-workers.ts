import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq'
import { asError } from './errors.ts'
import type { Stoppable } from './lifecycle.ts'
import type { Logger } from './logger.ts'
import type { RedisClient } from './redis/connect.ts'

/** A job in the hands of a worker; its payload is whatever somebody queued, to be parsed by whoever handles it. */
export interface QueueJob {
  readonly id: string
  readonly data: unknown
  /** What `saveProgress` stored last, also before a crash; undefined at first. */
  readonly progress: unknown
  /** When it was queued, ms of the wall clock. */
  readonly queuedAt: number
  saveProgress(progress: object): Promise<void>
}

/** What is to become of a job. */
export type JobVerdict =
  /** It is finished. Kept, its id protects from a second one for as long as finished jobs are kept; forgotten, it may come again. */
  | { readonly kind: 'done'; readonly forget?: boolean }
  /** Again in so many ms of the wall clock; costs it no attempt. */
  | { readonly kind: 'later'; readonly inMs: number }
  /** Given up: kept among the failed jobs, where people find it and may try it again. */
  | { readonly kind: 'failed'; readonly reason: string }

export interface QueueWorkerOptions {
  /** Shared; the worker opens one more connection of its own for waiting. */
  readonly client: RedisClient
  readonly name: string
  readonly prefix: `{${string}}`
  readonly log: Logger
  /** Jobs at once. */
  readonly concurrency: number
  /** Silence after which a job goes to another worker, ms: what a killed worker held waits for one to two of these. */
  readonly lockMs: number
  /** A throw is a defect: the job is tried again by the queue's own rule, a few times, and then kept as failed. */
  handle(job: QueueJob): Promise<JobVerdict>
}

export interface QueueWorker extends Stoppable {
  readonly name: string
  start(): void
  isRunning(): boolean
}

/**
 * How often a job may be taken over from a worker that died with it. BullMQ's own one would call a job failed for being in the
 * wrong place twice; without any limit, a job that kills its worker would do so for ever.
 */
const MOST_TAKEOVERS = 25

/** Works one queue. `stop` takes no further job and lets those in hand finish. */
export function createQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { client, name, prefix, log, concurrency, lockMs } = options
  const worker = new Worker(name, (job: Job<unknown>, token) => workOn(job, token, options), {
    connection: client,
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: MOST_TAKEOVERS,
    autorun: false,
  })
  worker.on('error', (err) => log.warn({ err, queue: name }, 'queue worker'))
  worker.on('stalled', (jobId) =>
    log.warn({ jobId, queue: name }, 'a job was taken over from a worker that fell silent'),
  )
  worker.on('failed', (job, err) =>
    log.error({ jobId: job?.id, queue: name, reason: err.message }, 'a job has failed; it is kept'),
  )
  let running: Promise<void> | undefined
  return {
    name,
    start() {
      running ??= worker
        .run()
        .catch((thrown: unknown) => log.error({ err: asError(thrown), queue: name }, 'queue worker ended'))
    },
    isRunning: () => worker.isRunning(),
    async stop() {
      await worker.close()
      await running
    },
  }
}

async function workOn(job: Job<unknown>, token: string | undefined, { handle }: QueueWorkerOptions): Promise<void> {
  const verdict = await handle({
    id: job.id ?? '',
    data: job.data,
    // BullMQ says 0 where there is none yet.
    progress: job.progress === 0 ? undefined : job.progress,
    queuedAt: job.timestamp,
    saveProgress: (progress) => job.updateProgress(progress),
  })
  switch (verdict.kind) {
    case 'done':
      if (verdict.forget) job.opts.removeOnComplete = true
      return
    case 'later':
      await job.moveToDelayed(Date.now() + Math.max(1, Math.round(verdict.inMs)), token)
      throw new DelayedError()
    case 'failed':
      throw new UnrecoverableError(verdict.reason)
  }
}
