import type { DriftRecord, LastWatch, OutcomeRecord } from '@holdfast/contracts'
import type { Clock, LogBounds, Logger, RedisClient } from '@holdfast/platform'
import type { Backend } from '@holdfast/scorer'

export interface WatchLimits {
  /** Customers by which drift is measured, over all shards. */
  readonly driftCustomers: number
  /** Customers of one cohort. */
  readonly cohortCustomers: number
  /** How long the states may take to reach where the log ended when the watch began, ms. */
  readonly catchUpMs: number
}

export const WATCH_LIMITS: WatchLimits = { driftCustomers: 10_000, cohortCustomers: 2_000, catchUpMs: 10_000 }

export interface WatchOptions {
  readonly client: RedisClient
  /** KEY_PREFIX of the installation. */
  readonly prefix: string
  /** The installation's. */
  readonly clock: Clock
  readonly backend: Backend
  /** Where the input topics end now: `() => logBounds(admin, inputs)`. */
  readonly logEnds: () => Promise<readonly LogBounds[]>
  /** Where the champion's folder may lie, for a training distribution that did not come to Redis with it. */
  readonly modelsDir?: string
  readonly log: Logger
  readonly limits?: Partial<WatchLimits>
}

/** What one watch found. */
export interface Watched {
  readonly last: LastWatch
  /** What is known of drift after this watch, be it of an earlier one; of the present champion only. */
  readonly drift: DriftRecord | undefined
  /** Cohorts judged by this watch. */
  readonly judged: readonly OutcomeRecord[]
  /** The cohort that this watch has recorded. */
  readonly recorded: { readonly cohort: string; readonly customers: number } | undefined
  /** All judged cohorts that are kept, newest first. */
  readonly outcomes: readonly OutcomeRecord[]
}

/**
 * Looks at how the champion does: drift of the customers, a cohort of predictions once a day, and cohorts whose horizon has
 * passed. What it finds is in Redis afterwards. Two at once do no harm. Nothing that is merely not there yet is an error.
 * @throws what Redis and Kafka throw while they are away
 */
export async function watchModel(_options: WatchOptions): Promise<Watched> {
  throw new Error('being written')
}
