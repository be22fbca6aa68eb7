import { join, resolve } from 'node:path'
import type { TopicNames } from '@holdfast/contracts'
import { repositoryRoot } from '@holdfast/local'
import { type ConfigOf, inputTopicsOf, readConfig } from '@holdfast/platform'
import { RISK_WORKER_SETTINGS as WORKER } from '@holdfast/risk-worker'

export { topicsOf } from '@holdfast/platform'

/** What the commands read from the environment: the risk-worker's own variables, so that both always mean the same. */
export const SETTINGS = {
  KAFKA_BROKERS: WORKER.KAFKA_BROKERS,
  KAFKA_CLIENT_ID: { ...WORKER.KAFKA_CLIENT_ID, default: 'holdfast-cli' },
  KAFKA_TLS: WORKER.KAFKA_TLS,
  KAFKA_TLS_CA: WORKER.KAFKA_TLS_CA,
  KAFKA_SASL_MECHANISM: WORKER.KAFKA_SASL_MECHANISM,
  KAFKA_SASL_USER: WORKER.KAFKA_SASL_USER,
  KAFKA_SASL_PASSWORD: WORKER.KAFKA_SASL_PASSWORD,
  REDIS_URL: WORKER.REDIS_URL,
  TOPIC_PURCHASES: WORKER.TOPIC_PURCHASES,
  TOPIC_SUPPORT: WORKER.TOPIC_SUPPORT,
  TOPIC_ENGAGEMENT: WORKER.TOPIC_ENGAGEMENT,
  TOPIC_PROFILE: WORKER.TOPIC_PROFILE,
  TOPIC_ACTIONS: WORKER.TOPIC_ACTIONS,
  TOPIC_RISK_CHANGES: WORKER.TOPIC_RISK_CHANGES,
  TOPIC_DEAD_LETTERS: WORKER.TOPIC_DEAD_LETTERS,
  TOPIC_PARTITIONS: WORKER.TOPIC_PARTITIONS,
  TOPIC_REPLICATION: WORKER.TOPIC_REPLICATION,
  KEY_PREFIX: WORKER.KEY_PREFIX,
  BASE_CURRENCY: WORKER.BASE_CURRENCY,
  CURRENCY_RATES: WORKER.CURRENCY_RATES,
  MODELS_DIR: WORKER.MODELS_DIR,
  MODEL_VERSION: WORKER.MODEL_VERSION,
  LOG_LEVEL: { ...WORKER.LOG_LEVEL, default: 'silent' },
} as const

export type Config = ConfigOf<typeof SETTINGS>
export type Env = Readonly<Record<string, string | undefined>>

/** What one unit of each was worth in euro, roughly, in 2026: good enough to try things out, not for anybody's books. */
const IN_EURO: Readonly<Record<string, number>> = {
  ...{ EUR: 1, USD: 0.92, GBP: 1.17, CHF: 1.05, SEK: 0.088, NOK: 0.087, DKK: 0.134 },
  ...{ PLN: 0.23, CZK: 0.04, CAD: 0.67, AUD: 0.6, JPY: 0.0061 },
}

/** The environment, with exchange rates where none are set: `up` gives the risk-worker the same. */
export function withRates(env: Env): Env {
  if (env.CURRENCY_RATES || (env.BASE_CURRENCY && env.BASE_CURRENCY !== 'EUR')) return env
  return { ...env, CURRENCY_RATES: ratesIn('EUR') }
}

/** The environment for a log of its own: where nobody has said in which currency to count, in the log's. */
export function countingIn(currency: string | undefined, env: Env): Env {
  if (env.CURRENCY_RATES || env.BASE_CURRENCY || currency === undefined) return env
  return { ...env, BASE_CURRENCY: currency, CURRENCY_RATES: ratesIn(currency) }
}

function ratesIn(base: string): string {
  const unit = IN_EURO[base]
  if (unit === undefined) return ''
  const others = Object.entries(IN_EURO).filter(([code]) => code !== base)
  return others.map(([code, euro]) => `${code}=${Number((euro / unit).toPrecision(9))}`).join(',')
}

/** @throws HoldfastError CONFIG_INVALID */
export function readSettings(env: Env): Config {
  return readConfig(SETTINGS, withRates(env))
}

/** The five topics that are read, without those that are only written. */
export function inputTopics(topics: TopicNames): readonly string[] {
  return Object.values(inputTopicsOf(topics))
}

/** The environment of a risk-worker that works beside the one that `up` started: the same money, the same policy. */
export function workerEnv(env: Env): Env {
  return { POLICY_FILE: join(repositoryRoot(), 'infra/policy/default.yaml'), ...withRates(env) }
}

/** Where models are; a relative path is relative to the checkout, as for the risk-worker that `up` starts. */
export function modelsFolder({ MODELS_DIR }: Pick<Config, 'MODELS_DIR'>): string {
  return resolve(repositoryRoot(), MODELS_DIR)
}
