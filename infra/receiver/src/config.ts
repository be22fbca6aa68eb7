import { as, type ConfigOf, HoldfastError, LOG_LEVELS, type Settings } from '@holdfast/platform'

const port = (says: string, value: string) => ({
  parse: as.number({ min: 0, max: 65_535 }),
  default: value,
  unit: 'port',
  says: `${says}; 0 for a free one.`,
})

/** Every environment variable of the local receiver. */
export const SETTINGS = {
  RECEIVER_HOST: {
    parse: as.required(),
    default: '127.0.0.1',
    unit: '-',
    says: 'Where it listens: loopback only, for it lets anybody in and shows everything.',
  },
  RECEIVER_HTTP_PORT: port('Port for webhooks, Slack posts and the page that shows what arrived', '9480'),
  RECEIVER_SMTP_PORT: port('Port for e-mail', '9425'),
  RECEIVER_DIR: {
    parse: as.required(),
    default: '.holdfast/receiver',
    unit: 'path',
    says: 'Folder of messages.ndjson, which keeps what arrived.',
  },
  RECEIVER_WEBHOOK_SECRET: {
    parse: as.list(),
    default: '',
    unit: 'whsec_…, …',
    says: 'Secrets by which webhooks are verified; without one none is.',
    secret: true,
  },
  RECEIVER_KEEP: {
    parse: as.number({ min: 1, max: 100_000 }),
    default: '2000',
    unit: 'messages',
    says: 'Newest messages kept in memory; the file keeps all.',
  },
  LOG_LEVEL: { parse: as.oneOf(LOG_LEVELS), default: 'info', unit: '-', says: 'Least level that is logged.' },
  LOG_PRETTY: { parse: as.flag(), default: 'false', unit: '-', says: 'Lines for people instead of JSON.' },
} as const satisfies Settings

export type Config = ConfigOf<typeof SETTINGS>

/** @throws HoldfastError CONFIG_INVALID for an address that other machines reach */
export function requireLoopback({ RECEIVER_HOST: host }: Pick<Config, 'RECEIVER_HOST'>): void {
  if (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)) return
  throw new HoldfastError({
    code: 'CONFIG_INVALID',
    message: `RECEIVER_HOST=${host} can be reached from other machines, and the receiver asks nobody who they are`,
    cure: 'set RECEIVER_HOST to 127.0.0.1; the receiver is for looking and for tests.',
  })
}
