import { topicNames } from '@holdfast/contracts'
import type { RunMode, RunState } from '@holdfast/local'
import type { Env } from '../config.ts'

/** Where the events of a run come from. */
export type Feed =
  | { readonly kind: 'none' }
  /** The generated shop; `customers` of one that has to be opened. */
  | { readonly kind: 'shop'; readonly customers: number }
  /** A real log, on the days on which it happened. */
  | { readonly kind: 'replay'; readonly file: string; readonly map: string }

/** What `up` was asked for. */
export interface RunPlan {
  readonly mode: RunMode
  readonly env: Env
  readonly feed: Feed
  /** Domain ms a wall ms; undefined for the system clock. */
  readonly rate: number | undefined
  /** Whether a model that learned from a generated shop may contact the customers of a real log. */
  readonly modelMaySend: boolean
}

const TOPIC_VARIABLES = {
  purchases: 'TOPIC_PURCHASES',
  support: 'TOPIC_SUPPORT',
  engagement: 'TOPIC_ENGAGEMENT',
  profile: 'TOPIC_PROFILE',
  actions: 'TOPIC_ACTIONS',
  riskChanges: 'TOPIC_RISK_CHANGES',
  deadLetters: 'TOPIC_DEAD_LETTERS',
} as const

/**
 * What keeps a time-lapse or a replay apart from live data where Kafka or Redis are not its own: topics, group and keys of other
 * names. What the environment names itself is left as it is.
 */
export function apartFromLive({ mode, kafka, redis }: Pick<RunState, 'mode' | 'kafka' | 'redis'>, env: Env): Env {
  if (mode === 'live') return env
  const names: Record<string, string> = {}
  if (kafka.origin === 'environment') {
    names.KAFKA_GROUP = `holdfast-risk-worker-${mode}`
    for (const [role, name] of Object.entries(topicNames())) {
      names[TOPIC_VARIABLES[role as keyof typeof TOPIC_VARIABLES]] = `${mode}.${name}`
    }
  }
  if (redis.origin === 'environment') names.KEY_PREFIX = `hf-${mode}`
  return { ...names, ...definedOf(env) }
}

function definedOf(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
}
