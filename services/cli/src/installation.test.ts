import type { RunState } from '@holdfast/local'
import { expect, test } from 'vitest'
import { readSettings, withRates } from './config.ts'
import { locate } from './installation.ts'

const STATE: RunState = {
  mode: 'live',
  startedAt: '2026-01-01T00:00:00.000Z',
  owner: { pid: 1 },
  kafka: { origin: 'embedded', brokers: ['127.0.0.1:1', '127.0.0.1:2'] },
  redis: { origin: 'embedded', urls: ['redis://127.0.0.1:3'] },
  services: [],
}
const RUNNING = { kind: 'running', state: STATE } as const

test('the environment says where Kafka and Redis are, else the run that was started here', () => {
  const found = locate({ env: { REDIS_URL: 'redis://mine:1' }, runState: RUNNING })
  expect(found).toMatchObject({ KAFKA_BROKERS: '127.0.0.1:1,127.0.0.1:2', REDIS_URL: 'redis://mine:1' })
})

test('where nothing runs, the message says what to do', () => {
  const nothing = { code: 'NOTHING_RUNNING', cure: expect.stringContaining('npx holdfast up') }
  expect(() => locate({ env: { REDIS_URL: 'redis://mine:1' }, runState: { kind: 'none' } })).toThrow(
    expect.objectContaining({ ...nothing, message: expect.stringContaining('KAFKA_BROKERS is not set') }),
  )
  expect(() => locate({ env: {}, runState: { kind: 'stale', state: STATE } })).toThrow(expect.objectContaining(nothing))
})

test('common currencies have a rate unless somebody has set their own or another base', () => {
  expect(readSettings({}).CURRENCY_RATES).toMatchObject({ GBP: '1.17', USD: '0.92' })
  expect(readSettings({ CURRENCY_RATES: 'GBP=2' }).CURRENCY_RATES).toEqual({ GBP: '2' })
  expect(withRates({ BASE_CURRENCY: 'USD' })).toEqual({ BASE_CURRENCY: 'USD' })
})
