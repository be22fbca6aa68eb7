import type { Job } from '@holdfast/contracts'
import { type CustomerState, decodeState, type Profile } from '@holdfast/core'
import { asError, type Logger, type RedisClient, readShard } from '@holdfast/platform'
import { z } from 'zod'
import { type LogEnds, missingRecords } from './log-ends.ts'

/** What the shard knows of a customer, or why that cannot be told now. */
export type Sight =
  | { readonly kind: 'seen'; readonly state: CustomerState; readonly profile: Profile }
  | { readonly kind: 'held'; readonly reason: 'behind' | 'unreadable' | 'log_unknown'; readonly forMs: number }

export interface CustomersOptions {
  readonly client: RedisClient
  readonly prefix: string
  readonly logEnds: LogEnds
  readonly log: Logger
}

const READ_WITHIN_MS = 5_000
const SHORTEST_HOLD_MS = 250
const LONGEST_HOLD_MS = 15_000

const entry = z.tuple([z.string(), z.number(), z.number()])
const profileSchema = z.object({
  email: entry.optional(),
  name: entry.optional(),
  locale: entry.optional(),
  tier: entry.optional(),
  ownerId: entry.optional(),
})

/** Looks at customers as their shard knows them, as long as the shard can be trusted. */
export class Customers {
  /** By partition, since when its jobs are held, ms. */
  private readonly heldSince = new Map<number, number>()

  constructor(private readonly options: CustomersOptions) {}

  async look({ customerId, shard: { partition } }: Pick<Job, 'customerId' | 'shard'>): Promise<Sight> {
    const now = performance.now()
    const { logEnds, log } = this.options
    const reach = logEnds.reach(partition, now)
    if (reach === undefined) return this.hold(partition, 'log_unknown', now)
    try {
      const shard = await within(READ_WITHIN_MS, readShard({ ...this.options, partition }))
      // Offsets first: a commit in between makes the state newer than they say, never older.
      const { offsets } = await within(READ_WITHIN_MS, shard.meta())
      if (missingRecords(offsets, reach) > 0) return this.hold(partition, 'behind', now)
      const [[state], [profile]] = await within(
        READ_WITHIN_MS,
        Promise.all([shard.states([customerId]), shard.profiles([customerId])]),
      )
      // Every job comes from a state. Where there is none, a rebuild has just turned the shard, or is about to.
      if (!state) {
        log.warn({ customerId, partition }, 'a shard that has read its log has no state of a customer with a job')
        return this.hold(partition, 'unreadable', now)
      }
      this.heldSince.delete(partition)
      return {
        kind: 'seen',
        state: decodeState(state),
        profile: profile ? known(profileSchema.parse(JSON.parse(profile.toString()))) : {},
      }
    } catch (thrown) {
      log.warn({ err: asError(thrown), customerId, partition }, 'a shard cannot be read; its jobs wait')
      return this.hold(partition, 'unreadable', now)
    }
  }

  /** The longer a shard keeps its jobs waiting, the more seldom they ask. */
  private hold(partition: number, reason: 'behind' | 'unreadable' | 'log_unknown', now: number): Sight {
    const since = this.heldSince.get(partition) ?? now
    this.heldSince.set(partition, since)
    const forMs = Math.min(LONGEST_HOLD_MS, Math.max(SHORTEST_HOLD_MS, (now - since) / 4))
    return { kind: 'held', reason, forMs }
  }
}

/** Optional fields that are absent, not undefined. */
function known({ email, name, locale, tier, ownerId }: z.output<typeof profileSchema>): Profile {
  return {
    ...(email && { email }),
    ...(name && { name }),
    ...(locale && { locale }),
    ...(tier && { tier }),
    ...(ownerId && { ownerId }),
  }
}

/** Commands to a Redis that is away wait for it; a job must not. */
async function within<T>(ms: number, asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Redis within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}
