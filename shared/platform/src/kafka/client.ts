import { readFileSync } from 'node:fs'
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type logLevel, type SASLOptions } from 'kafkajs'
import { as, type ConfigOf, type Settings } from '../config.ts'
import { HoldfastError } from '../errors.ts'
import type { Logger } from '../logger.ts'

const SASL_MECHANISMS = ['none', 'plain', 'scram-sha-256', 'scram-sha-512'] as const

/** How to reach Kafka; part of the configuration of every process that does. */
export const KAFKA_SETTINGS = {
  KAFKA_BROKERS: {
    parse: as.list().refine((brokers) => brokers.length > 0, 'expected at least one host:port'),
    default: '127.0.0.1:9092',
    unit: 'host:port, …',
    says: 'Brokers to ask first.',
  },
  KAFKA_CLIENT_ID: { parse: as.required(), default: 'holdfast', unit: '-', says: 'Name by which brokers log us.' },
  KAFKA_TLS: { parse: as.flag(), default: 'false', unit: '-', says: 'Encrypts connections to the brokers.' },
  KAFKA_TLS_CA: {
    parse: as.text(),
    default: '',
    unit: 'path',
    says: 'PEM file of the authority that signed the brokers, where the system does not know it.',
  },
  KAFKA_SASL_MECHANISM: {
    parse: as.oneOf(SASL_MECHANISMS),
    default: 'none',
    unit: '-',
    says: 'How we log in: none, plain, scram-sha-256 or scram-sha-512.',
  },
  KAFKA_SASL_USER: { parse: as.text(), default: '', unit: '-', says: 'User name for SASL.' },
  KAFKA_SASL_PASSWORD: { parse: as.text(), default: '', unit: '-', says: 'Password for SASL.', secret: true },
} as const satisfies Settings

export type KafkaSettings = ConfigOf<typeof KAFKA_SETTINGS>

/** A kafkajs client: a recipe for producers, consumers and admins. It connects to nothing by itself. */
export function createKafka(settings: KafkaSettings, log: Logger, { retries = 10 } = {}): Kafka {
  return new kafkajs.Kafka(kafkaOptions(settings, log, { retries }))
}

/**
 * Options of a kafkajs client. Reads the file of the authority, where one is named.
 * @throws HoldfastError KAFKA_CA_UNREADABLE, KAFKA_SASL_INCOMPLETE
 */
export function kafkaOptions(settings: KafkaSettings, log: Logger, { retries = 10 } = {}): KafkaConfig {
  const sasl = saslOptions(settings)
  return {
    brokers: [...settings.KAFKA_BROKERS],
    clientId: settings.KAFKA_CLIENT_ID,
    ...(settings.KAFKA_TLS && { ssl: tlsOptions(settings.KAFKA_TLS_CA) }),
    ...(sasl !== undefined && { sasl }),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    // Ten attempts are some 13 s in all: longer than an orderly restart, and short enough that a stop need not wait for ever.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries },
    logLevel: kafkaLogLevel(log),
    logCreator: () => (entry) => writeEntry(log, entry),
  }
}

function tlsOptions(caPath: string): NonNullable<KafkaConfig['ssl']> {
  if (caPath === '') return true
  try {
    return { ca: [readFileSync(caPath, 'utf8')] }
  } catch (cause) {
    throw new HoldfastError({
      code: 'KAFKA_CA_UNREADABLE',
      message: `the certificate of Kafka's authority cannot be read from ${caPath}`,
      cause,
      cure: 'point KAFKA_TLS_CA at a readable PEM file, or leave it empty to trust what the system trusts.',
    })
  }
}

function saslOptions(settings: KafkaSettings): SASLOptions | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USER: username, KAFKA_SASL_PASSWORD: password } = settings
  if (mechanism === 'none') return undefined
  if (username === '' || password === '') {
    throw new HoldfastError({
      code: 'KAFKA_SASL_INCOMPLETE',
      message: `logging in to Kafka with ${mechanism} needs a user and a password`,
      cure: 'set KAFKA_SASL_USER and KAFKA_SASL_PASSWORD, or KAFKA_SASL_MECHANISM=none.',
    })
  }
  return { mechanism, username, password }
}

function kafkaLogLevel(log: Logger): logLevel {
  const { logLevel } = kafkajs
  if (log.isLevelEnabled('debug')) return logLevel.DEBUG
  if (log.isLevelEnabled('info')) return logLevel.INFO
  if (log.isLevelEnabled('warn')) return logLevel.WARN
  return log.isLevelEnabled('error') ? logLevel.ERROR : logLevel.NOTHING
}

/** What kafkajs reports as an error although it is how groups and restarts work. */
const ORDINARY = /rebalanc|rejoin|re-join|not aware of this member|coordinator is (not available|loading)/i

function writeEntry(log: Logger, { level, namespace, log: entry }: LogEntry): void {
  const { message, timestamp: _, logger: __, ...fields } = entry
  const text = `kafka ${namespace}: ${message}`
  const { logLevel } = kafkajs
  const ordinary = ORDINARY.test(`${message} ${String(fields.error ?? '')}`)
  if (level === logLevel.ERROR && !ordinary) log.error(fields, text)
  else if (level === logLevel.WARN && !ordinary) log.warn(fields, text)
  else log.debug(fields, text)
}
