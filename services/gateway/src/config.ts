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

/** Beyond what an event of 64 KiB, which every CloudEvents intermediary has to pass on, needs. */
const LARGEST_EVENT = 1_000_000

/** Every environment variable of the gateway. Those of the installation mean the same to all its services. */
export const SETTINGS = {
  ...KAFKA_SETTINGS,
  ...REDIS_SETTINGS,
  KEY_PREFIX: INSTALLATION.KEY_PREFIX,
  ...TOPIC_SETTINGS,
  BASE_CURRENCY: INSTALLATION.BASE_CURRENCY,
  CURRENCY_RATES: INSTALLATION.CURRENCY_RATES,
  GATEWAY_HOST: {
    parse: as.required(),
    default: '127.0.0.1',
    unit: '-',
    says: 'Address to listen on; any but a loopback one needs GATEWAY_TOKEN.',
  },
  GATEWAY_PORT: {
    parse: as.number({ min: 0, max: 65_535 }),
    default: '8420',
    unit: 'port',
    says: 'Port of POST /v1/events, /openapi.json, /healthz, /readyz and /metrics; 0 for a free one.',
  },
  GATEWAY_TOKEN: {
    parse: as.text(),
    default: '',
    unit: '-',
    says: 'Bearer token that senders must have; empty for none, and then only this machine is served.',
    secret: true,
  },
  EVENT_MAX_BYTES: {
    parse: as.number({ min: 1_024, max: LARGEST_EVENT }),
    default: '65536',
    unit: 'bytes',
    says: 'Largest event, as JSON.',
  },
  BATCH_MAX_EVENTS: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '1000',
    unit: 'events',
    says: 'Most events in one request.',
  },
  BODY_MAX_BYTES: {
    parse: as.number({ min: 1_024 }),
    default: '4194304',
    unit: 'bytes',
    says: 'Largest body of a request.',
  },
  IN_FLIGHT_MAX_BYTES: {
    parse: as.number({ min: 1_024 }),
    default: '33554432',
    unit: 'bytes',
    says: 'Of all bodies that are not answered or not yet in Kafka; beyond it senders are asked to wait (429).',
  },
  ANSWER_WITHIN_MS: {
    parse: as.number({ min: 100 }),
    default: '10000',
    unit: 'ms',
    says: 'How long a request waits for Kafka before it is answered with 503.',
  },
  LINGER_MS: {
    parse: as.number({ min: 0, max: 1_000 }),
    default: '2',
    unit: 'ms',
    says: 'How long events wait for others to go to Kafka with.',
  },
  REMEMBERED_EVENTS: {
    parse: as.number({ min: 0, max: 10_000_000 }),
    default: '100000',
    unit: 'events',
    says: 'Newest events in Kafka that are known again when they are sent again; about 150 bytes each.',
  },
  ...LOG_SETTINGS,
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>
