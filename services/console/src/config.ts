import { MODEL_SETTINGS } from '@holdfast/champion'
import {
  as,
  type ConfigOf,
  INSTALLATION_SETTINGS as INSTALLATION,
  KAFKA_SETTINGS,
  LOG_SETTINGS,
  REDIS_SETTINGS,
  type Settings,
  TOPIC_SETTINGS,
} from '@holdfast/platform'

/** Every environment variable of the console. Those of the installation and its models mean the same to all. */
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
  ...KAFKA_SETTINGS,
  KAFKA_CLIENT_ID: { ...KAFKA_SETTINGS.KAFKA_CLIENT_ID, default: 'holdfast-console' },
  CONSOLE_KAFKA_GROUP: {
    parse: as.required(),
    default: 'holdfast-console',
    unit: '-',
    says: 'First part of the consumer group of each console; every one reads all band changes.',
  },
  ...REDIS_SETTINGS,
  ...TOPIC_SETTINGS,
  KEY_PREFIX: INSTALLATION.KEY_PREFIX,
  BASE_CURRENCY: INSTALLATION.BASE_CURRENCY,
  POLICY_FILE: INSTALLATION.POLICY_FILE,
  ...MODEL_SETTINGS,
  ...LOG_SETTINGS,
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>
