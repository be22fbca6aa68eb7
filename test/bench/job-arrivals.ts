import { parseEpisodeId, QUEUE_PREFIX } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import { createQueue } from '@holdfast/platform'
import { Redis } from 'ioredis'
import type { Stage } from './stage.ts'

const BLOCK_MS = 200

/** When jobs came into a queue, by customer. */
export interface JobArrivals {
  /** ms since 1970 by Redis' clock, which is this machine's. */
  readonly at: ReadonlyMap<string, number>
  /** The same by job. */
  readonly ofJob: ReadonlyMap<string, number>
  stop(): Promise<void>
}

/**
 * Follows the event stream of a BullMQ queue. The id of an entry holds the instant at which the script that added the job ran,
 * so it matters little when we come to read it.
 */
export async function followJobs(stage: Stage, action: ActionKind, prefix = QUEUE_PREFIX): Promise<JobArrivals> {
  const queue = createQueue({ client: stage.redis, name: action, prefix, log: stage.log })
  const stream = queue.bull.toKey('events')
  const reader = new Redis(stage.redisUrl)
  const at = new Map<string, number>()
  const ofJob = new Map<string, number>()
  let stopped = false
  let last = (await reader.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
  const following = (async () => {
    while (!stopped) {
      const found = await reader.xread('COUNT', 5_000, 'BLOCK', BLOCK_MS, 'STREAMS', stream, last)
      for (const [id, fields] of found?.[0]?.[1] ?? []) {
        last = id
        const entry = new Map(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? '']] : [])))
        const jobId = entry.get('jobId') ?? ''
        const episode = parseEpisodeId(jobId)
        if (entry.get('event') === 'added' && episode !== undefined) {
          at.set(episode.customerId, Number(id.split('-')[0]))
          ofJob.set(jobId, Number(id.split('-')[0]))
        }
      }
    }
  })()
  return {
    at,
    ofJob,
    async stop() {
      stopped = true
      await following
      await reader.quit()
      await queue.stop()
    },
  }
}
