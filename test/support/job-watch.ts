import { parseEpisodeId, QUEUE_PREFIX, QUEUES } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import type { RedisClient } from '@holdfast/platform'

/** Episodes by `customer action`. */
export type Episodes = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Remembers every job that ever stood in a queue, also those that a restored Redis has forgotten. Nobody works the queues, so
 * all jobs wait there.
 */
export class JobWatch {
  private readonly seen = new Map<string, Set<string>>()
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> = Promise.resolve()

  constructor(private readonly client: RedisClient) {}

  start(everyMs: number): void {
    this.timer = setInterval(() => void this.look().catch(() => {}), everyMs)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** Takes in what stands in the queues now. */
  async look(): Promise<void> {
    const before = this.looking
    this.looking = (async () => {
      await before.catch(() => {})
      for (const [key, ids] of await waitingJobs(this.client)) for (const id of ids) addTo(this.seen, key, id)
    })()
    return this.looking
  }

  /** Every episode under which a customer was ever queued. */
  get episodes(): Episodes {
    return this.seen
  }
}

/** What waits in the queues now. */
export async function waitingJobs(client: RedisClient): Promise<Episodes> {
  const found = new Map<string, Set<string>>()
  for (const queue of QUEUES) {
    for (const id of await client.lrange(`${QUEUE_PREFIX}:${queue}:wait`, 0, -1)) {
      const episode = parseEpisodeId(id)
      if (episode === undefined) throw new Error(`job ${id} of ${queue} names no episode`)
      addTo(found, contactKey(episode.customerId, queue), id)
    }
  }
  return found
}

export function contactKey(customerId: string, action: ActionKind): string {
  return `${customerId} ${action}`
}

function addTo(map: Map<string, Set<string>>, key: string, id: string): void {
  const ids = map.get(key)
  if (ids === undefined) map.set(key, new Set([id]))
  else ids.add(id)
}
