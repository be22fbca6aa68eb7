import { Queue } from 'bullmq'
import type { Stoppable } from './lifecycle.ts'
import type { Logger } from './logger.ts'
import type { RedisClient } from './redis/connect.ts'

export interface NewJob<T extends object> {
  /** Once a queue knows an id it takes no second job of it, as long as the first is kept. No `:`, not only digits. */
  readonly id: string
  readonly data: T
  /** Wall clock, ms from now. Default 0. */
  readonly delayMs?: number
  /** 1 is the most urgent, up to 2^21; without one a job goes before all that have one. */
  readonly priority?: number
}

export interface JobQueue<T extends object> extends Stoppable {
  readonly name: string
  /** The queue itself, for dashboards and for looking up jobs. */
  readonly bull: Queue
  /** In one transaction; jobs whose id is known stay as they were. */
  add(jobs: readonly NewJob<T>[]): Promise<void>
}

export interface QueueOptions {
  /** May be shared with others; it is left open when the queue stops. */
  readonly client: RedisClient
  readonly name: string
  /** In braces, so that a cluster keeps all of a queue in one slot. */
  readonly prefix: `{${string}}`
  readonly log: Logger
  /** How long a finished job is kept, seconds: so long its id protects. Default a week. */
  readonly keepDoneSeconds?: number
  /** Default 30 days. */
  readonly keepFailedSeconds?: number
  /** Attempts of a job in all, with doubling pauses from a second on. Default 5. */
  readonly attempts?: number
}

const DAY_SECONDS = 86_400

/** A queue of jobs with payload `T`, which is parsed where it is made and where it is read, not here. */
export function createQueue<T extends object>(options: QueueOptions): JobQueue<T> {
  const { client, name, prefix, log } = options
  const { keepDoneSeconds = 7 * DAY_SECONDS, keepFailedSeconds = 30 * DAY_SECONDS, attempts = 5 } = options
  const bull = new Queue(name, {
    connection: client,
    prefix,
    defaultJobOptions: {
      removeOnComplete: { age: keepDoneSeconds },
      removeOnFail: { age: keepFailedSeconds },
      attempts,
      backoff: { type: 'exponential', delay: 1_000 },
    },
  })
  bull.on('error', (err) => log.warn({ err, queue: name }, 'queue'))
  return { name, bull, add: (jobs) => addJobs(bull, jobs), stop: () => bull.close() }
}

async function addJobs<T extends object>(bull: Queue, jobs: readonly NewJob<T>[]): Promise<void> {
  if (jobs.length === 0) return
  await bull.addBulk(
    jobs.map(({ id, data, delayMs, priority }) => ({
      name: bull.name,
      data,
      opts: {
        jobId: id,
        ...(delayMs !== undefined && { delay: delayMs }),
        ...(priority !== undefined && { priority }),
      },
    })),
  )
}

/** Queues by name; `P` gives the payload of each. */
export interface Queues<P extends Readonly<Record<string, object>>> extends Stoppable {
  readonly of: { readonly [N in keyof P]: JobQueue<P[N]> }
}

export interface QueuesOptions<N extends string> extends Omit<QueueOptions, 'name'> {
  readonly names: readonly N[]
}

/** @param options `names` must list every name of `P`. */
export function createQueues<P extends Readonly<Record<string, object>>>(
  options: QueuesOptions<Extract<keyof P, string>>,
): Queues<P> {
  const { names, ...common } = options
  const of: Partial<{ -readonly [N in keyof P]: JobQueue<P[N]> }> = {}
  for (const name of names) of[name] = createQueue({ ...common, name })
  if (!hasAll(of, names)) throw new Error('a queue is missing')
  return {
    of,
    async stop() {
      await Promise.all(names.map((name) => of[name].stop()))
    },
  }
}

function hasAll<T extends object>(partial: Partial<T>, names: readonly (keyof T)[]): partial is T {
  return names.every((name) => partial[name] !== undefined)
}
