import { MODEL_SETTINGS as MODEL } from '@holdfast/champion'
import {
  as,
  type ConfigOf,
  INPUT_TOPIC_SETTINGS,
  INSTALLATION_SETTINGS as INSTALLATION,
  KAFKA_SETTINGS,
  LOG_SETTINGS,
  probeSettings,
  REDIS_SETTINGS,
  type Settings,
} from '@holdfast/platform'
import { z } from 'zod'
import { parseInterval, parseSchedule } from './retraining/schedule.ts'

const EXPECTED_INTERVAL = 'expected a number with s, m, h or d, such as 12h'

const interval = () =>
  z.string().transform((text, context) => {
    const ms = parseInterval(text)
    if (ms !== undefined) return ms
    context.addIssue({ code: 'custom', message: EXPECTED_INTERVAL })
    return z.NEVER
  })

/** Every environment variable of the trainer as a service. Intervals and schedules go by the wall clock, also in a time-lapse. */
export const SETTINGS = {
  ...KAFKA_SETTINGS,
  ...REDIS_SETTINGS,
  ...INPUT_TOPIC_SETTINGS,
  KEY_PREFIX: INSTALLATION.KEY_PREFIX,
  BASE_CURRENCY: INSTALLATION.BASE_CURRENCY,
  CURRENCY_RATES: INSTALLATION.CURRENCY_RATES,
  MODELS_DIR: { ...MODEL.MODELS_DIR, says: 'Folder of model versions; new ones are written there.' },
  RETRAIN_SCHEDULE: {
    parse: z.string().transform((text, context) => {
      const schedule = parseSchedule(text)
      if (schedule !== undefined) return schedule
      context.addIssue({ code: 'custom', message: `expected five fields of cron, or off; or ${EXPECTED_INTERVAL}` })
      return z.NEVER
    }),
    default: '0 3 * * 1',
    unit: 'cron (UTC) or interval',
    says: 'When to retrain, by the wall clock: five fields of cron, or an interval such as 7d; off for never.',
  },
  WATCH_EVERY: {
    parse: z.string().transform((text, context) => {
      const schedule = parseSchedule(text)
      if (schedule !== undefined && schedule.kind !== 'cron') return schedule
      context.addIssue({ code: 'custom', message: `expected off; or ${EXPECTED_INTERVAL}` })
      return z.NEVER
    }),
    default: '1h',
    unit: 'interval',
    says: 'How often to look how far customers have drifted from those that the champion learned from, wall clock; off for never.',
  },
  RETRAIN_ON_DRIFT: {
    parse: z.union(
      [z.literal('off'), as.number({ min: 0.01, max: 100, integer: false })],
      'expected off, or a PSI from 0.01 on',
    ),
    default: '0.25',
    unit: 'PSI',
    says: 'A larger population stability index retrains: of the score, or of a feature once history reaches as far back as the champion’s; off for never.',
  },
  RETRAIN_DRIFT_REST: {
    parse: interval(),
    default: '7d',
    unit: 'interval',
    says: 'Drift retrains at most once within this time, wall clock.',
  },
  AUTO_PROMOTE: {
    parse: as.flag(),
    default: 'false',
    unit: '-',
    says: 'Whether a retrained model that passes the gate becomes the champion by itself; else it is proposed.',
  },
  RETRAIN_MOST_ROWS: {
    parse: as.number({ min: 1_000, max: 10_000_000 }),
    default: '200000',
    unit: 'rows',
    says: 'Of one training, about 2 kB each: with more customers, fewer cutoffs are taken, then a part of the customers.',
  },
  RETRAIN_ATTEMPTS: {
    parse: as.number({ min: 1, max: 100 }),
    default: '3',
    unit: 'attempts',
    says: 'Starts of one retraining, also those that a crash ended, before it is called failed.',
  },
  RETRAIN_PAUSE_MS: {
    parse: as.number({ min: 1 }),
    default: '60000',
    unit: 'ms',
    says: 'Pause after an attempt that failed for what may pass, such as a broker that is away; it doubles.',
  },
  JOB_LOCK_MS: {
    parse: as.number({ min: 500 }),
    default: '30000',
    unit: 'ms',
    says: 'Silence after which the job of a trainer goes to another.',
  },
  ...probeSettings(9466),
  ...LOG_SETTINGS,
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>
