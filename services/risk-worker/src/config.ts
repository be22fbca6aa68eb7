import { MODEL_SETTINGS as MODEL } from '@holdfast/champion'
import { MOST_TIMELINE } from '@holdfast/contracts'
import {
  as,
  type ConfigOf,
  INSTALLATION_SETTINGS,
  KAFKA_SETTINGS,
  LOG_SETTINGS,
  policyOf,
  probeSettings,
  REDIS_SETTINGS,
  type Settings,
} from '@holdfast/platform'

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
    default: '524288',
    unit: 'bytes',
    says: 'Fetched of a partition at once; the largest batch. What is larger outlives more collections of garbage, and is copied by each.',
  },
  KAFKA_FETCH_MIN_BYTES: {
    parse: as.number({ min: 1 }),
    default: '262144',
    unit: 'bytes',
    says: 'What a fetch waits for, within KAFKA_FETCH_WAIT_MS: many small batches cost more than a few larger ones.',
  },
  KAFKA_FETCH_WAIT_MS: {
    parse: as.number({ min: 1 }),
    default: '50',
    unit: 'ms',
    says: 'How long a fetch waits at most for KAFKA_FETCH_MIN_BYTES.',
  },
  ...INSTALLATION_SETTINGS,
  MODELS_DIR: MODEL.MODELS_DIR,
  MODEL_VERSION: MODEL.MODEL_VERSION,
  MODEL_SWEEP_PER_SECOND: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '500',
    unit: 'customers/s',
    says: 'After a promotion, customers looked at ahead of their appointment by this process.',
  },
  LOG_IS_GENERATED: MODEL.LOG_IS_GENERATED,
  TIMELINE_LENGTH: {
    parse: as
      .text()
      .refine(
        (text) => /^\d*$/.test(text) && Number(text) <= MOST_TIMELINE,
        `expected a whole number up to ${MOST_TIMELINE}`,
      ),
    default: '',
    unit: 'entries',
    says: `Entries kept of each customer's timeline, at most ${MOST_TIMELINE}, 0 for none; empty for the policy's.`,
  },
  GATHER_EVENTS: {
    parse: as.number({ min: 1 }),
    default: '1000000',
    unit: 'events',
    says: 'Behind on the log: how many events over all shards wait to be written together; about 60 bytes each.',
  },
  LOOK_LIMIT: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '4000',
    unit: 'customers',
    says: 'Looked at for one commit because their appointments are due; the others wait for the next.',
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
    says: 'If more than half of the newest so many that this process read are invalid, intake stops.',
  },
  ...probeSettings(9464),
  ...LOG_SETTINGS,
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>

/** What the environment says, else the policy. */
export async function timelineLengthOf(config: Config): Promise<number> {
  return config.TIMELINE_LENGTH === '' ? (await policyOf(config)).timelineLength : Number(config.TIMELINE_LENGTH)
}
