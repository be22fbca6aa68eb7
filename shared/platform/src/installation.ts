import { readFile } from 'node:fs/promises'
import { DEFAULT_KEY_PREFIX, type PolicyFile, parsePolicy, type TopicNames, topicNames } from '@holdfast/contracts'
import type { Role } from '@holdfast/core'
import { z } from 'zod'
import { as, type ConfigOf, type Settings } from './config.ts'
import { asError, HoldfastError } from './errors.ts'

/** What the services of one installation must agree on: its topics, keys, money and policy. Each takes what it needs. */

const topic = (role: string, name: string) => ({
  parse: as.text(),
  default: name,
  unit: '-',
  says: `Name of the topic for ${role}.`,
})

const RATE = /^([A-Z]{3})=(\d+(?:\.\d+)?)$/

/** The topics that are consumed. */
export const INPUT_TOPIC_SETTINGS = {
  TOPIC_PURCHASES: topic('purchases', 'customer.purchases'),
  TOPIC_SUPPORT: topic('support and surveys', 'customer.support'),
  TOPIC_ENGAGEMENT: topic('engagement', 'customer.engagement'),
  TOPIC_PROFILE: topic('profiles, consent and contract', 'customer.profile'),
  TOPIC_ACTIONS: topic('what was decided and done', 'churn.actions'),
} as const satisfies Settings

/** All topics, and how to create them. */
export const TOPIC_SETTINGS = {
  ...INPUT_TOPIC_SETTINGS,
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
} as const satisfies Settings

export const INSTALLATION_SETTINGS = {
  ...TOPIC_SETTINGS,
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
} as const satisfies Settings

type InstallationConfig = ConfigOf<typeof INSTALLATION_SETTINGS>
type InputTopicSettings = ConfigOf<typeof INPUT_TOPIC_SETTINGS>
type OutputTopicSettings = Pick<InstallationConfig, 'TOPIC_RISK_CHANGES' | 'TOPIC_DEAD_LETTERS'>

/** Topics that a service does not know by a setting keep their usual names. */
export type TopicSettings = InputTopicSettings & Partial<OutputTopicSettings>

/** @throws HoldfastError CONFIG_INVALID for names that Kafka does not take, or that two roles share. */
export function topicsOf(config: TopicSettings): TopicNames {
  try {
    return topicNames({
      purchases: config.TOPIC_PURCHASES,
      support: config.TOPIC_SUPPORT,
      engagement: config.TOPIC_ENGAGEMENT,
      profile: config.TOPIC_PROFILE,
      actions: config.TOPIC_ACTIONS,
      ...(config.TOPIC_RISK_CHANGES !== undefined && { riskChanges: config.TOPIC_RISK_CHANGES }),
      ...(config.TOPIC_DEAD_LETTERS !== undefined && { deadLetters: config.TOPIC_DEAD_LETTERS }),
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
export async function policyOf({ POLICY_FILE }: Pick<InstallationConfig, 'POLICY_FILE'>): Promise<PolicyFile> {
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
