import { connectAdmin, createKafka, KAFKA_SETTINGS, readConfig } from '@holdfast/platform'
import { eventually, testLog } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PASSWORD, type SecuredBroker, startSecuredBroker, USER } from './secured-broker.ts'

let broker: SecuredBroker
beforeAll(async () => {
  broker = await startSecuredBroker()
  await eventually(() => listTopics({}), { timeoutMs: 60_000, everyMs: 500 })
})
afterAll(() => broker?.stop())

async function listTopics(env: Record<string, string>): Promise<string[]> {
  const settings = readConfig(KAFKA_SETTINGS, {
    KAFKA_BROKERS: broker.address,
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA: broker.caPath,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USER: USER,
    KAFKA_SASL_PASSWORD: PASSWORD,
    ...env,
  })
  const connection = await connectAdmin(createKafka(settings, testLog, { retries: 0 }))
  try {
    return await connection.admin.listTopics()
  } finally {
    await connection.stop()
  }
}

test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('%s over TLS is let in by configuration', async (mechanism) => {
  expect(await listTopics({ KAFKA_SASL_MECHANISM: mechanism })).toEqual([])
})

test('a wrong password is told as such', async () => {
  const refused = listTopics({ KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_PASSWORD: 'wrong' })
  await expect(refused).rejects.toMatchObject({
    code: 'KAFKA_LOGIN_REFUSED',
    cure: expect.stringContaining('KAFKA_SASL_PASSWORD'),
  })
})

test('a certificate that nobody vouches for is told as such', async () => {
  await expect(listTopics({ KAFKA_TLS_CA: '' })).rejects.toMatchObject({
    code: 'KAFKA_TLS_REFUSED',
    cure: expect.stringContaining('KAFKA_TLS_CA'),
  })
})

test('a broker that answers in another protocol is told as such', async () => {
  await expect(listTopics({ KAFKA_TLS: 'false' })).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
})
