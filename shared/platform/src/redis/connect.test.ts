import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createLogger } from '../logger.ts'
import { connectRedis, REDIS_SETTINGS } from './connect.ts'

test('addresses are checked without being shown', () => {
  expect(readConfig(REDIS_SETTINGS, { REDIS_URL: 'redis://a:1, rediss://b:2' }).REDIS_URL).toHaveLength(2)
  const bad = () => readConfig(REDIS_SETTINGS, { REDIS_URL: 'http://user:hunter2@a:1' })
  expect(bad).toThrow('expected redis://host:port')
  expect(bad).not.toThrow('hunter2')
})

test('nobody there is told with the address and the way out', async () => {
  const log = createLogger({ service: 'test', level: 'silent' })
  const refused = connectRedis(['redis://:secret@127.0.0.1:1'], { log, name: 'test', attempts: 2 })
  await expect(refused).rejects.toMatchObject({
    code: 'REDIS_UNREACHABLE',
    message: 'no Redis answers at 127.0.0.1:1',
    cause: { message: expect.stringContaining('ECONNREFUSED') },
  })
})
