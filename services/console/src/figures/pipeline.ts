import { installationKeys, type Job, QUEUES } from '@holdfast/contracts'
import { ACTION_KINDS, type ActionKind } from '@holdfast/core'
import { type AdminConnection, type Clock, logBounds, type Queues, type RedisConnection } from '@holdfast/platform'
import { z } from 'zod'
import { type Shards, whileRedisAnswers, within } from '../shards.ts'

const count = z.int().min(0)

const queueSchema = z.object({
  waiting: count.describe('Ready to be taken.'),
  active: count,
  delayed: count.describe('Until their time, or until their next attempt.'),
  failed: count.describe('Given up, and kept to be looked at.'),
  completed: count.describe('Of late; done jobs are forgotten after a while.'),
})

/** What the pipeline has still to do. */
export const pipelineSchema = z.object({
  shards: count,
  jobs: z.record(z.enum(ACTION_KINDS), queueSchema),
  lag: z
    .record(z.string(), count)
    .nullable()
    .describe('Records that are not in the states yet, by topic; null while Kafka does not say.'),
  appointmentsOverdue: count.describe('Customers who should have been looked at by now.'),
  outbox: count.describe('Entries committed and not sent on yet.'),
  intakeStopped: z.string().nullable().describe('Why intake stands still, until it is lifted; null while it does not.'),
})
export type PipelineFigures = z.output<typeof pipelineSchema>

export interface Pipeline {
  read(): Promise<PipelineFigures>
}

export interface PipelineOptions {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly shards: Shards
  readonly queues: Queues<Record<ActionKind, Job>>
  readonly admin: AdminConnection['admin']
  /** The topics that are read. */
  readonly topics: readonly string[]
  readonly clock: Clock
}

/** How long Kafka may take to tell where its logs end, ms. */
const KAFKA_WITHIN_MS = 2_000
/** For how long it is not asked again, ms. */
const KAFKA_EVERY_MS = 1_000

export function createPipeline(options: PipelineOptions): Pipeline {
  const { redis, prefix, shards, queues, admin, topics, clock } = options
  const ends = shared(() => logBounds(admin, topics), KAFKA_EVERY_MS)

  async function countJobs(name: ActionKind) {
    const counts = await whileRedisAnswers(redis, () => queues.of[name].bull.getJobCounts())
    const of = (status: string) => counts[status] ?? 0
    return {
      waiting: of('waiting') + of('prioritized') + of('paused'),
      active: of('active'),
      delayed: of('delayed'),
      failed: of('failed'),
      completed: of('completed'),
    }
  }

  /** Undefined where Kafka does not say in time. */
  async function readEnds() {
    try {
      return await within(KAFKA_WITHIN_MS, ends(), () => new Error('Kafka is slow'))
    } catch {
      return undefined
    }
  }

  return {
    async read() {
      const [perShard, bounds, intakeStopped, ...jobs] = await Promise.all([
        shards.all(async (shard) => {
          const [overdue, outbox, meta] = await Promise.all([
            shard.overdue(clock.now()),
            shard.outboxLength(),
            shard.meta(),
          ])
          return { overdue, outbox, offsets: meta.offsets }
        }),
        readEnds(),
        whileRedisAnswers(redis, () => redis.client.get(installationKeys(prefix).intakeStopped)),
        ...QUEUES.map(countJobs),
      ])
      const lagOf = (topic: string) =>
        (bounds ?? [])
          .filter((bound) => bound.topic === topic)
          .reduce((sum, { partition, low, high }) => {
            const next = perShard[partition]?.offsets.get(topic) ?? low
            return sum + Math.max(0, high - next)
          }, 0)
      const [outreach, reactivation] = jobs
      if (outreach === undefined || reactivation === undefined) throw new Error('a queue is missing')
      return {
        shards: shards.count,
        jobs: { 'proactive-outreach': outreach, reactivation },
        lag: bounds === undefined ? null : Object.fromEntries(topics.map((topic) => [topic, lagOf(topic)])),
        appointmentsOverdue: perShard.reduce((sum, { overdue }) => sum + overdue, 0),
        outbox: perShard.reduce((sum, { outbox }) => sum + outbox, 0),
        intakeStopped,
      }
    },
  }
}

/** Asks once for all who ask at the same time, or soon after. */
function shared<T>(ask: () => Promise<T>, everyMs: number): () => Promise<T> {
  let last: { readonly asked: Promise<T>; doneAt: number } | undefined
  return () => {
    if (last !== undefined && performance.now() - last.doneAt < everyMs) return last.asked
    const asked = ask()
    const call = { asked, doneAt: Number.POSITIVE_INFINITY }
    last = call
    asked.then(
      () => {
        call.doneAt = performance.now()
      },
      () => {
        if (last === call) last = undefined
      },
    )
    return asked
  }
}
