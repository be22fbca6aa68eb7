import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createLogger } from '../logger.ts'
import { KAFKA_SETTINGS, kafkaOptions } from './client.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const options = (env: Record<string, string>) => kafkaOptions(readConfig(KAFKA_SETTINGS, env), log)

test('plain by default; brokers, TLS and SASL by configuration', () => {
  expect(options({})).toMatchObject({ brokers: ['127.0.0.1:9092'], clientId: 'holdfast' })
  expect(options({})).not.toHaveProperty('ssl')
  expect(options({})).not.toHaveProperty('sasl')
  const secured = options({
    KAFKA_BROKERS: 'a:9093,b:9093',
    KAFKA_TLS: 'true',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USER: 'holdfast',
    KAFKA_SASL_PASSWORD: 'pass',
  })
  expect(secured).toMatchObject({
    brokers: ['a:9093', 'b:9093'],
    ssl: true,
    sasl: { mechanism: 'scram-sha-512', username: 'holdfast', password: 'pass' },
  })
})

test('what is missing is said before anything connects', () => {
  expect(() => options({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USER: 'u' })).toThrow('needs a user and a password')
  expect(() => options({ KAFKA_TLS: 'true', KAFKA_TLS_CA: '/no/such.pem' })).toThrow('/no/such.pem')
  expect(() => options({ KAFKA_BROKERS: ',' })).toThrow('expected at least one host:port')
  expect(() => options({ KAFKA_SASL_MECHANISM: 'kerberos' })).toThrow('expected one of none, plain')
})
