import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { makeTopics } from '@holdfast/testing'
import { expect, inject, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('./processes/everything.ts', import.meta.url))

test('a process that has stopped everything ends by itself', async () => {
  const brokers = inject('kafkaBrokers')
  const [topic = ''] = await makeTopics(brokers, ['everything'], 2)
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script, topic], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KAFKA_BROKERS: brokers.join(','), REDIS_URL: inject('redisUrls').join(',') },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  let stoppedAt = Number.POSITIVE_INFINITY
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
      stoppedAt = performance.now()
    })
  }
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect([output, code]).toEqual(['all stopped\n', 0])
  expect(performance.now() - stoppedAt).toBeLessThan(5_000)
})
