import { as, type ConfigOf, type Settings } from '@holdfast/platform'
import { RISK_WORKER_SETTINGS as WORKER } from '@holdfast/risk-worker'

/** Every environment variable of the console; what it shares with the risk-worker is the risk-worker's, so that both mean the same. */
export const SETTINGS = {
  CONSOLE_HOST: {
    parse: as.required(),
    default: '127.0.0.1',
    unit: '-',
    says: 'Where the API listens; without CONSOLE_TOKEN it must be loopback.',
  },
  CONSOLE_PORT: {
    parse: as.number({ min: 0, max: 65_535 }),
    default: '8081',
    unit: 'port',
    says: 'Port of the API, with /healthz, /readyz and /metrics; 0 for a free one.',
  },
  CONSOLE_TOKEN: {
    parse: as.text(),
    default: '',
    unit: '-',
    says: 'Bearer token that callers must send; empty serves this machine only.',
    secret: true,
  },
  CONSOLE_STREAMS: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '500',
    unit: 'connections',
    says: 'Listeners to changes at once.',
  },
  CONSOLE_CHANGES_KEPT: {
    parse: as.number({ min: 1, max: 10_000_000 }),
    default: '10000',
    unit: 'changes',
    says: 'Band changes remembered for listeners who were away; about 1 kB each.',
  },
  KAFKA_BROKERS: WORKER.KAFKA_BROKERS,
  KAFKA_CLIENT_ID: { ...WORKER.KAFKA_CLIENT_ID, default: 'holdfast-console' },
  KAFKA_TLS: WORKER.KAFKA_TLS,
  KAFKA_TLS_CA: WORKER.KAFKA_TLS_CA,
  KAFKA_SASL_MECHANISM: WORKER.KAFKA_SASL_MECHANISM,
  KAFKA_SASL_USER: WORKER.KAFKA_SASL_USER,
  KAFKA_SASL_PASSWORD: WORKER.KAFKA_SASL_PASSWORD,
  CONSOLE_KAFKA_GROUP: {
    parse: as.required(),
    default: 'holdfast-console',
    unit: '-',
    says: 'First part of the consumer group of each console; every one reads all band changes.',
  },
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
  POLICY_FILE: WORKER.POLICY_FILE,
  MODELS_DIR: WORKER.MODELS_DIR,
  MODEL_VERSION: WORKER.MODEL_VERSION,
  LOG_IS_GENERATED: WORKER.LOG_IS_GENERATED,
  LOG_LEVEL: WORKER.LOG_LEVEL,
  LOG_PRETTY: WORKER.LOG_PRETTY,
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>
