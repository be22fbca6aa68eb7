import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createLogger } from '../logger.ts'
import { createKafka, KAFKA_SETTINGS } from './client.ts'
import { connectAdmin, kafkaTrouble } from './connect.ts'
import { connectProducer } from './producer.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const nobody = createKafka(readConfig(KAFKA_SETTINGS, { KAFKA_BROKERS: '127.0.0.1:1' }), log, { retries: 0 })

test('nobody there is told with the way out, whoever asks', async () => {
  const expected = { code: 'KAFKA_UNREACHABLE', canRetry: true, cure: expect.stringContaining('KAFKA_BROKERS') }
  await expect(connectAdmin(nobody)).rejects.toMatchObject(expected)
  await expect(connectProducer(nobody)).rejects.toMatchObject(expected)
})

test('what is not known stays as it is', () => {
  const error = new Error('something else')
  expect(kafkaTrouble(error)).toBe(error)
  expect(kafkaTrouble(Object.assign(new Error('no'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }))).toMatchObject({
    code: 'KAFKA_TOPIC_MISSING',
  })
})
