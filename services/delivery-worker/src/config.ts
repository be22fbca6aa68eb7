import {
  as,
  type ConfigOf,
  HoldfastError,
  INPUT_TOPIC_SETTINGS,
  INSTALLATION_SETTINGS as INSTALLATION,
  KAFKA_SETTINGS,
  LOG_SETTINGS,
  probeSettings,
  REDIS_SETTINGS,
  type Settings,
} from '@holdfast/platform'
import { z } from 'zod'
import { channels, httpUrl, isLocale, mailbox, protocolOf, webhookSecret } from './config-fields.ts'

/** Every environment variable of the delivery-worker. */
export const SETTINGS = {
  ...KAFKA_SETTINGS,
  ...REDIS_SETTINGS,
  ...INPUT_TOPIC_SETTINGS,
  TOPIC_ACTIONS: { ...INSTALLATION.TOPIC_ACTIONS, says: 'Name of the topic for what was decided and done (written).' },
  KEY_PREFIX: INSTALLATION.KEY_PREFIX,
  POLICY_FILE: INSTALLATION.POLICY_FILE,
  OUTREACH_CHANNELS: channels('proactive-outreach'),
  OUTREACH_WEBHOOK_URL: {
    parse: httpUrl(),
    default: '',
    unit: 'URL',
    says: 'Where outreach is posted, such as a helpdesk.',
    secret: true,
  },
  OUTREACH_WEBHOOK_SECRET: {
    parse: webhookSecret(),
    default: '',
    unit: 'whsec_…',
    says: 'Signs the webhooks of outreach (Standard Webhooks).',
    secret: true,
  },
  OUTREACH_SLACK_URL: {
    parse: httpUrl(),
    default: '',
    unit: 'URL',
    says: 'Incoming webhook of the Slack channel for outreach.',
    secret: true,
  },
  OUTREACH_MAIL_TO: { parse: mailbox(), default: '', unit: 'address', says: 'Team that gets outreach by e-mail.' },
  REACTIVATION_CHANNELS: channels('reactivation'),
  REACTIVATION_WEBHOOK_URL: {
    parse: httpUrl(),
    default: '',
    unit: 'URL',
    says: 'Where reactivation is posted, such as marketing automation.',
    secret: true,
  },
  REACTIVATION_WEBHOOK_SECRET: {
    parse: webhookSecret(),
    default: '',
    unit: 'whsec_…',
    says: 'Signs the webhooks of reactivation (Standard Webhooks).',
    secret: true,
  },
  REACTIVATION_SLACK_URL: {
    parse: httpUrl(),
    default: '',
    unit: 'URL',
    says: 'Incoming webhook of the Slack channel for reactivation.',
    secret: true,
  },
  SMTP_URL: {
    parse: z
      .string()
      .refine((text) => text === '' || /^smtps?:$/.test(protocolOf(text)), 'expected smtp://host:port or smtps://…'),
    default: '',
    unit: 'URL',
    says: 'Mail server; reactivation by e-mail goes to the customer, in the language of the profile.',
    secret: true,
  },
  MAIL_FROM: { parse: mailbox(), default: '', unit: 'address', says: 'Sender of every e-mail.' },
  UNSUBSCRIBE_URL: {
    parse: httpUrl(),
    default: '',
    unit: 'URL',
    says: 'Where customers unsubscribe; {customer} becomes the id, {token} its HMAC-SHA-256 under UNSUBSCRIBE_SECRET.',
  },
  UNSUBSCRIBE_SECRET: {
    parse: as.text(),
    default: '',
    unit: '-',
    says: 'Key of {token} in UNSUBSCRIBE_URL: nobody can make the link of somebody else.',
    secret: true,
  },
  SHOP_NAME: { parse: as.required(), default: 'our shop', unit: '-', says: 'How e-mails to customers name the shop.' },
  SHOP_URL: { parse: httpUrl(), default: '', unit: 'URL', says: 'Where e-mails to customers lead; empty for no link.' },
  TEAM_LOCALE: {
    parse: as.required().refine(isLocale, 'expected a language tag such as en or te-IN'),
    default: 'en',
    unit: 'BCP 47',
    says: 'Language of what goes to teams.',
  },
  TEMPLATES_DIR: {
    parse: as.text(),
    default: '',
    unit: 'path',
    says: 'Folder of templates, one folder a language; empty for those that come with Holdfast.',
  },
  DELIVERY_CONCURRENCY: {
    parse: as.number({ min: 1, max: 1_000 }),
    default: '32',
    unit: 'jobs',
    says: 'Jobs of each queue at once.',
  },
  DELIVERY_TIMEOUT_MS: {
    parse: as.number({ min: 10, max: 60_000 }),
    default: '10000',
    unit: 'ms',
    says: 'How long a receiver may take to answer.',
  },
  DELIVERY_ATTEMPTS: {
    parse: as.number({ min: 1, max: 100 }),
    default: '10',
    unit: 'attempts',
    says: 'Of a message to each channel, before the job is kept as failed.',
  },
  DELIVERY_BACKOFF_MS: {
    parse: as.number({ min: 1 }),
    default: '1000',
    unit: 'ms',
    says: 'First pause between two attempts; it doubles, and half of it is chance.',
  },
  DELIVERY_BACKOFF_MAX_MS: {
    parse: as.number({ min: 1 }),
    default: '600000',
    unit: 'ms',
    says: 'No pause between two attempts is longer, unless a receiver asks for it.',
  },
  FRESH_WITHIN_MS: {
    parse: as.number({ min: 100 }),
    default: '5000',
    unit: 'ms',
    says: 'A job waits until its shard has read the log up to an instant no longer ago than this.',
  },
  JOB_LOCK_MS: {
    parse: as.number({ min: 500 }),
    default: '30000',
    unit: 'ms',
    says: 'Silence after which the jobs of a worker go to another.',
  },
  ...probeSettings(9465),
  ...LOG_SETTINGS,
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>

/**
 * What the channels need beside their names, all that is missing at once.
 * @throws HoldfastError CONFIG_INVALID
 */
export function requireChannels(config: Config): void {
  const missing: string[] = []
  const need = (channel: string, ...names: (keyof Config)[]) => {
    for (const name of names) if (config[name] === '') missing.push(`${name} (for ${channel})`)
  }
  const { OUTREACH_CHANNELS: outreach, REACTIVATION_CHANNELS: reactivation } = config
  if (outreach.length + reactivation.length === 0) missing.push('OUTREACH_CHANNELS or REACTIVATION_CHANNELS')
  if (outreach.includes('webhook')) need('outreach by webhook', 'OUTREACH_WEBHOOK_URL', 'OUTREACH_WEBHOOK_SECRET')
  if (outreach.includes('slack')) need('outreach by slack', 'OUTREACH_SLACK_URL')
  if (outreach.includes('email')) need('outreach by email', 'SMTP_URL', 'MAIL_FROM', 'OUTREACH_MAIL_TO')
  if (reactivation.includes('webhook'))
    need('reactivation by webhook', 'REACTIVATION_WEBHOOK_URL', 'REACTIVATION_WEBHOOK_SECRET')
  if (reactivation.includes('slack')) need('reactivation by slack', 'REACTIVATION_SLACK_URL')
  if (reactivation.includes('email')) need('reactivation by email', 'SMTP_URL', 'MAIL_FROM', 'UNSUBSCRIBE_URL')
  if (config.UNSUBSCRIBE_URL.includes('{token}')) need('{token} in UNSUBSCRIBE_URL', 'UNSUBSCRIBE_SECRET')
  if (missing.length > 0) throw invalid(`these settings are missing: ${missing.join(', ')}`, 'set them.')
}

function invalid(message: string, cure: string): HoldfastError {
  return new HoldfastError({ code: 'CONFIG_INVALID', message, cure })
}
