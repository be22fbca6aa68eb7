import { ACTION_KINDS, type ActionKind, type Band, type Role } from '@holdfast/core'

/**
 * Every name that two processes must agree on: topics, headers, queues and Redis keys. Metrics are in `metrics.ts`.
 * Nothing else in the project spells one out.
 */

/** The input topics by role, and the two that we write: band changes and dead letters. */
export type TopicRole = Role | 'riskChanges' | 'deadLetters'
export type TopicNames = Readonly<Record<TopicRole, string>>

const DEFAULT_TOPICS: TopicNames = {
  purchases: 'customer.purchases',
  support: 'customer.support',
  engagement: 'customer.engagement',
  profile: 'customer.profile',
  actions: 'churn.actions',
  riskChanges: 'churn.risk-changes',
  deadLetters: 'churn.dead-letters',
}

const TOPIC_PATTERN = /^[A-Za-z0-9._-]{1,249}$/

/**
 * The topics, with an installation's own names laid over the defaults.
 * @throws Error when a name is not one that Kafka takes, or when two roles would share a topic.
 */
export function topicNames(overrides: Partial<TopicNames> = {}): TopicNames {
  const names: TopicNames = { ...DEFAULT_TOPICS, ...overrides }
  const taken = new Map<string, string>()
  for (const [role, name] of Object.entries(names)) {
    if (!TOPIC_PATTERN.test(name) || name === '.' || name === '..') {
      throw new Error(
        `topic for ${role}: ${JSON.stringify(name)} is no Kafka topic name (1 to 249 of A-Z a-z 0-9 . _ -)`,
      )
    }
    const other = taken.get(name)
    if (other !== undefined)
      throw new Error(`topics for ${other} and ${role}: both are named ${name}; give each its own`)
    taken.set(name, role)
  }
  return names
}

/** Headers of dead letters and of records re-published to their right partition; values are UTF-8 text. */
export const HEADERS = {
  /** Dead letters only: why, in a sentence. */
  reason: 'hf-reason',
  originTopic: 'hf-origin-topic',
  originPartition: 'hf-origin-partition',
  originOffset: 'hf-origin-offset',
  /** Timestamp of the original record, ms since 1970: the instant at which "in the future" is measured. */
  originTimestamp: 'hf-origin-timestamp',
} as const

/** BullMQ's queues are named after the actions that they carry. */
export const QUEUES: readonly ActionKind[] = ACTION_KINDS

/** The trainer's own queue: retrainings, and looks at how the champion does. */
export const RETRAINING_QUEUE = 'retraining'

/** Prefix of every Redis key that is not BullMQ's. */
export const DEFAULT_KEY_PREFIX = 'hf'

/**
 * Prefix of BullMQ's keys: of each installation its own, for two of them may share a Redis. Braced, so that all keys of all
 * queues share one slot of a Redis Cluster.
 */
export function queuePrefix(prefix: string): `{${string}}` {
  return `{${prefix}-queues}`
}

/** That of an installation with the default key prefix. */
export const QUEUE_PREFIX = queuePrefix(DEFAULT_KEY_PREFIX)

/** The bands that somebody works through, one worklist each. */
export const WORKLIST_BANDS = ['at_risk', 'lapsed'] as const satisfies readonly Band[]
export type WorklistBand = (typeof WORKLIST_BANDS)[number]

/** Holds the name of the generation that a shard's readers and its owner use; `rebuild` writes the next one beside it. */
export function currentKey(prefix: string, partition: number): string {
  return `${prefix}:{${partition}}:current`
}

/** The keys of one generation of one shard. All share the hash tag `{partition}`. */
export interface ShardKeys {
  /** hash: owner token, commit number, offsets by topic, origins */
  readonly meta: string
  /** hash: customer to state, with the newest lines of the timeline behind it */
  readonly state: string
  /** hash: customer to profile (personal fields) */
  readonly profile: string
  /** zset: customer by next appointment, ms */
  readonly due: string
  /** zset a band: customer by priority, the loss to be expected */
  readonly worklist: Readonly<Record<WorklistBand, string>>
  /** hash: counters, each a sum over customers */
  readonly aggregates: string
  /** stream: jobs, dead letters, re-published records and band changes that must still leave */
  readonly outbox: string
}

/** @param generation what `current` holds, such as `1`; letters, digits, `-` and `_`. */
export function shardKeys(prefix: string, partition: number, generation: string): ShardKeys {
  const shard = `${prefix}:{${partition}}:${generation}`
  return {
    meta: `${shard}:meta`,
    state: `${shard}:state`,
    profile: `${shard}:profile`,
    due: `${shard}:due`,
    worklist: { at_risk: `${shard}:worklist:at_risk`, lapsed: `${shard}:worklist:lapsed` },
    aggregates: `${shard}:aggregates`,
    outbox: `${shard}:outbox`,
  }
}

/** Where releases before state layout 2 kept timelines, erased customers' too: nobody reads it any more. */
export function formerTimelineKey(prefix: string, partition: number, generation: string): string {
  return `${prefix}:{${partition}}:${generation}:timeline`
}

/** Keys that belong to the installation and to no shard. */
export interface InstallationKeys {
  /**
   * hash: `pointers` to champion, champions before it and challenger, JSON; and under `model:` and the SHA-256 of the value,
   * each model that these point to, manifest and weights; and under `training:` and the same, how its training rows were
   * spread, where that is known
   */
  readonly models: string
  /**
   * hash: `last`, `drift` and `versions`, what watching the champion came to, JSON; and under `outcome:` and the name of a
   * cohort, how it was judged, JSON
   */
  readonly watch: string
  /** hash: name of a cohort to the predictions taken then, until they are judged; packed */
  readonly cohorts: string
  /** string: what came of the newest retrainings, and the model that is proposed, JSON */
  readonly retraining: string
  /** string: why intake stands still, until `holdfast dlq resume` deletes it */
  readonly intakeStopped: string
  /** string: the map from wall clock to domain time, JSON; absent in live use, which goes by the system clock */
  readonly clock: string
  /** string: when whoever started the clock was last seen, wall clock, ms */
  readonly clockSeen: string
}

export function installationKeys(prefix: string): InstallationKeys {
  return {
    models: `${prefix}:models`,
    watch: `${prefix}:watch`,
    cohorts: `${prefix}:cohorts`,
    retraining: `${prefix}:retraining`,
    intakeStopped: `${prefix}:intake-stopped`,
    clock: `${prefix}:clock`,
    clockSeen: `${prefix}:clock-seen`,
  }
}

/** Holds what was asked for under an idempotency key, for a day; `id` is that of the event. */
export function answerKey(prefix: string, id: string): string {
  return `${prefix}:answer:${id}`
}
