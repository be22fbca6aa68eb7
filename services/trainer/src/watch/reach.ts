import { setTimeout as delay } from 'node:timers/promises'
import { type LogBounds, type RedisClient, readShard } from '@holdfast/platform'

export interface ReachRequest {
  readonly client: RedisClient
  readonly prefix: string
  /** Where the input topics ended at the instant that the states must have reached. */
  readonly ends: readonly LogBounds[]
  /** How long they may take, ms. */
  readonly withinMs: number
}

const LOOK_EVERY_MS = 100

/**
 * Waits until the states of all shards reflect the log up to there. States are never level with a log that grows, so where it
 * ended a moment ago is what counts.
 * @returns how many records are still missing in the end; 0 where none are
 */
export async function recordsBehind({ client, prefix, ends, withinMs }: ReachRequest): Promise<number> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    const missing = await missingNow(client, prefix, ends)
    if (missing === 0 || performance.now() >= giveUpAt) return missing
    await delay(LOOK_EVERY_MS)
  }
}

async function missingNow(client: RedisClient, prefix: string, ends: readonly LogBounds[]): Promise<number> {
  let missing = 0
  for (const partition of new Set(ends.map((end) => end.partition))) {
    const { offsets } = await (await readShard({ client, prefix, partition })).meta()
    for (const { topic, low, high } of ends.filter((end) => end.partition === partition)) {
      missing += Math.max(0, high - (offsets.get(topic) ?? low))
    }
  }
  return missing
}
