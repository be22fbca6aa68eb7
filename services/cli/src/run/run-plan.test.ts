import { expect, test } from 'vitest'
import { apartFromLive } from './run-plan.ts'

const PROCESS = { pid: 1 }

function run(mode: 'live' | 'time-lapse', origin: 'environment' | 'embedded') {
  return {
    mode,
    kafka: { origin, brokers: ['127.0.0.1:9092'], process: PROCESS },
    redis: { origin, urls: ['redis://127.0.0.1:6379'], process: PROCESS },
  }
}

test('a time-lapse on given services takes topics, group and keys of its own, unless they are named', () => {
  const env = { TOPIC_PURCHASES: 'mine', LOG_LEVEL: 'info' }
  expect(apartFromLive(run('time-lapse', 'environment'), env)).toMatchObject({
    TOPIC_PURCHASES: 'mine',
    TOPIC_SUPPORT: 'time-lapse.customer.support',
    TOPIC_DEAD_LETTERS: 'time-lapse.churn.dead-letters',
    KAFKA_GROUP: 'holdfast-risk-worker-time-lapse',
    KEY_PREFIX: 'hf-time-lapse',
    LOG_LEVEL: 'info',
  })
  expect(apartFromLive(run('time-lapse', 'embedded'), env)).toEqual(env)
  expect(apartFromLive(run('live', 'environment'), env)).toEqual(env)
})
