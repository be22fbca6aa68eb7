import { readFile } from 'node:fs/promises'
import { DEFAULT_KEY_PREFIX, type PolicyFile, parsePolicy, type TopicNames, topicNames } from '@holdfast/contracts'
import type { Role } from '@holdfast/core'
import {
  as,
  asError,
  type ConfigOf,
  HoldfastError,
  KAFKA_SETTINGS,
  LOG_LEVELS,
  REDIS_SETTINGS,
  type Settings,
} from '@holdfast/platform'
import { z } from 'zod'

const topic = (role: string, name: string) => ({
  parse: as.text(),
  default: name,
  unit: '-',
  says: `Name of the topic for ${role}.`,
})

const RATE = /^([A-Z]{3})=(\d+(?:\.\d+)?)$/

/** Every environment variable of the risk-worker. */
export const SETTINGS = {
  ...KAFKA_SETTINGS,
  ...REDIS_SETTINGS,
  KAFKA_GROUP: {
    parse: as.required(),
    default: 'holdfast-risk-worker',
    unit: '-',
    says: 'Consumer group: its members share the shards.',
  },
  KAFKA_SESSION_MS: {
    parse: as.number({ min: 1_000 }),
    default: '30000',
    unit: 'ms',
    says: 'Silence after which the group gives our shards away.',
  },
  KAFKA_FETCH_BYTES: {
    parse: as.number({ min: 1 }),
    default: '4194304',
    unit: 'bytes',
    says: 'Fetched of a partition at once; the largest batch.',
  },
  KAFKA_FETCH_MIN_BYTES: {
    parse: as.number({ min: 1 }),
    default: '65536',
    unit: 'bytes',
    says: 'What a fetch waits for, within KAFKA_FETCH_WAIT_MS: many small batches cost more than a few larger ones.',
  },
  KAFKA_FETCH_WAIT_MS: {
    parse: as.number({ min: 1 }),
    default: '50',
    unit: 'ms',
    says: 'How long a fetch waits at most for KAFKA_FETCH_MIN_BYTES.',
  },
  TOPIC_PURCHASES: topic('purchases', 'customer.purchases'),
  TOPIC_SUPPORT: topic('support and surveys', 'customer.support'),
  TOPIC_ENGAGEMENT: topic('engagement', 'customer.engagement'),
  TOPIC_PROFILE: topic('profiles, consent and contract', 'customer.profile'),
  TOPIC_ACTIONS: topic('what was decided and done', 'churn.actions'),
  TOPIC_RISK_CHANGES: topic('changes of band (written)', 'churn.risk-changes'),
  TOPIC_DEAD_LETTERS: topic('dead letters (written)', 'churn.dead-letters'),
  TOPIC_PARTITIONS: {
    parse: as.number({ min: 1, max: 10_000 }),
    default: '4',
    unit: 'partitions',
    says: 'For topics that have to be created; the number of shards.',
  },
  TOPIC_REPLICATION: {
    parse: as.number({ min: -1, max: 100 }),
    default: '-1',
    unit: 'replicas',
    says: "For topics that have to be created; -1 is the broker's default.",
  },
  KEY_PREFIX: {
    parse: as.required(),
    default: DEFAULT_KEY_PREFIX,
    unit: '-',
    says: 'First part of every key in Redis.',
  },
  BASE_CURRENCY: {
    parse: z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as EUR'),
    default: 'EUR',
    unit: 'ISO 4217',
    says: 'Currency in which amounts are kept.',
  },
  CURRENCY_RATES: {
    parse: as
      .list()
      .refine((rates) => rates.every((rate) => RATE.test(rate)), 'expected pairs such as GBP=1.17,USD=0.92')
      .transform((rates): Record<string, string> => Object.fromEntries(rates.map((rate) => rate.split('=')))),
    default: '',
    unit: 'code=rate, …',
    says: 'What one unit of another currency is worth in the base currency; an unknown currency is a dead letter.',
  },
  POLICY_FILE: {
    parse: as.required(),
    default: 'infra/policy/default.yaml',
    unit: 'path',
    says: 'The policy: what may be done for whom.',
  },
  MODELS_DIR: { parse: as.required(), default: 'models', unit: 'path', says: 'Folder of model versions.' },
  MODEL_VERSION: {
    parse: as.text(),
    default: '',
    unit: '-',
    says: 'Version that an installation begins with, before any was promoted; empty for the newest in the folder.',
  },
  MODEL_SWEEP_PER_SECOND: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '500',
    unit: 'customers/s',
    says: 'After a promotion, customers looked at ahead of their appointment by this process.',
  },
  LOG_IS_GENERATED: {
    parse: as.flag(),
    default: 'false',
    unit: '-',
    says: 'Whether the log is a generated shop, whose customers a model that learned from one may contact.',
  },
  TIMELINE_LENGTH: {
    parse: as.text().refine((text) => /^\d*$/.test(text), 'expected a whole number'),
    default: '',
    unit: 'entries',
    says: "Entries kept of each customer's timeline, 0 for none; empty for the policy's.",
  },
  CACHE_CUSTOMERS: {
    parse: as.number({ min: 0 }),
    default: '20000',
    unit: 'customers',
    says: 'States kept in memory over all shards; about 2 kB each.',
  },
  LOOK_LIMIT: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '4000',
    unit: 'customers',
    says: 'Looked at in one go when their appointments are due.',
  },
  LOOK_INTERVAL_MS: {
    parse: as.number({ min: 1 }),
    default: '100',
    unit: 'ms',
    says: 'How often due appointments are asked for.',
  },
  INVALID_WINDOW: {
    parse: as.number({ min: 1 }),
    default: '10000',
    unit: 'records',
    says: 'If more than half of the newest so many are invalid, intake stops.',
  },
  PROBE_HOST: {
    parse: as.required(),
    default: '127.0.0.1',
    unit: '-',
    says: 'Where /healthz, /readyz and /metrics listen.',
  },
  PROBE_PORT: {
    parse: as.number({ min: 0, max: 65_535 }),
    default: '9464',
    unit: 'port',
    says: 'Port of /healthz, /readyz and /metrics; 0 for a free one.',
  },
  LOG_LEVEL: { parse: as.oneOf(LOG_LEVELS), default: 'info', unit: '-', says: 'Least level that is logged.' },
  LOG_PRETTY: { parse: as.flag(), default: 'false', unit: '-', says: 'Lines for people instead of JSON.' },
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>

export type TopicSettings = Pick<
  Config,
  | 'TOPIC_PURCHASES'
  | 'TOPIC_SUPPORT'
  | 'TOPIC_ENGAGEMENT'
  | 'TOPIC_PROFILE'
  | 'TOPIC_ACTIONS'
  | 'TOPIC_RISK_CHANGES'
  | 'TOPIC_DEAD_LETTERS'
>

/** @throws HoldfastError CONFIG_INVALID for names that Kafka does not take, or that two roles share. */
export function topicsOf(config: TopicSettings): TopicNames {
  try {
    return topicNames({
      purchases: config.TOPIC_PURCHASES,
      support: config.TOPIC_SUPPORT,
      engagement: config.TOPIC_ENGAGEMENT,
      profile: config.TOPIC_PROFILE,
      actions: config.TOPIC_ACTIONS,
      riskChanges: config.TOPIC_RISK_CHANGES,
      deadLetters: config.TOPIC_DEAD_LETTERS,
    })
  } catch (cause) {
    throw new HoldfastError({
      code: 'CONFIG_INVALID',
      message: asError(cause).message,
      cure: 'correct the TOPIC_… variables.',
    })
  }
}

/** The topics that are consumed. */
export function inputTopicsOf({
  riskChanges: _,
  deadLetters: __,
  ...inputs
}: TopicNames): Readonly<Record<Role, string>> {
  return inputs
}

/** @throws HoldfastError POLICY_UNREADABLE; POLICY_INVALID, which lists every fault of the file */
export async function policyOf({ POLICY_FILE }: Pick<Config, 'POLICY_FILE'>): Promise<PolicyFile> {
  let text: string
  try {
    text = await readFile(POLICY_FILE, 'utf8')
  } catch (cause) {
    throw new HoldfastError({
      code: 'POLICY_UNREADABLE',
      message: `the policy cannot be read from ${POLICY_FILE}`,
      cause,
      cure: 'point POLICY_FILE at a policy, such as infra/policy/default.yaml.',
    })
  }
  try {
    return parsePolicy(text, POLICY_FILE)
  } catch (thrown) {
    throw new HoldfastError({
      code: 'POLICY_INVALID',
      message: asError(thrown).message,
      cure: 'correct the file; infra/policy/default.yaml shows every setting with its default.',
    })
  }
}

/** What the environment says, else the policy. */
export async function timelineLengthOf(config: Config): Promise<number> {
  return config.TIMELINE_LENGTH === '' ? (await policyOf(config)).timelineLength : Number(config.TIMELINE_LENGTH)
}
