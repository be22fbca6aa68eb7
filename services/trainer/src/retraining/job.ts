import { randomUUID } from 'node:crypto'
import { queuePrefix, RETRAINING_QUEUE } from '@holdfast/contracts'
import { createQueue, type JobQueue, type Logger, type RedisClient } from '@holdfast/platform'
import { z } from 'zod'

/** Why somebody wants a new model. */
export const WHYS = ['schedule', 'drift', 'asked'] as const
export type Why = (typeof WHYS)[number]

/** What the trainer's queue carries. */
export const retrainingJobSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('retrain'),
    why: z.enum(WHYS),
    /** What was seen, a sentence. */
    because: z.string().optional(),
  }),
  /** A look at how the champion does. */
  z.object({ kind: z.literal('watch') }),
])
export type RetrainingJob = z.output<typeof retrainingJobSchema>

export interface QueueAccess {
  readonly client: RedisClient
  readonly prefix: string
  readonly log: Logger
}

export function openRetrainingQueue({ client, prefix, log }: QueueAccess): JobQueue<RetrainingJob> {
  return createQueue({ client, name: RETRAINING_QUEUE, prefix: queuePrefix(prefix), log })
}

/** Asks for a retraining now; while one that somebody asked for is not finished, that one. Resolves with the job's id. */
export async function askToRetrain({ bull }: JobQueue<RetrainingJob>): Promise<string> {
  const data: RetrainingJob = { kind: 'retrain', why: 'asked' }
  const jobId = `asked-${randomUUID()}`
  const job = await bull.add('retrain', data, { jobId, deduplication: { id: 'asked' } })
  return job.id ?? jobId
}

/** Queues a retraining because of drift, unless drift did so within `restMs`. Resolves with whether it was queued. */
export async function retrainForDrift(
  { bull }: JobQueue<RetrainingJob>,
  because: string,
  restMs: number,
): Promise<boolean> {
  const data: RetrainingJob = { kind: 'retrain', why: 'drift', because }
  const jobId = `drift-${randomUUID()}`
  const job = await bull.add('retrain', data, { jobId, deduplication: { id: 'drift', ttl: restMs } })
  return job.id === jobId
}
