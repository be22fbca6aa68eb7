import { HEADERS, installationKeys } from '@holdfast/contracts'
import { aPurchase, testProducer, testRedis } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'
import { cli, makeInstallation } from './run-cli.ts'

/** As the risk-worker's relay writes it. */
function deadLetter(topic: string, offset: number, reason: string, value: string) {
  const headers = {
    [HEADERS.reason]: reason,
    [HEADERS.originTopic]: topic,
    [HEADERS.originPartition]: '1',
    [HEADERS.originOffset]: String(offset),
    [HEADERS.originTimestamp]: String(1_700_000_000_000 + offset),
  }
  return { key: 'cust-1', value, headers }
}

test('dead letters are listed newest first, counted by reason, shown, and sent again', async () => {
  const { env } = await makeInstallation()
  const purchase = aPurchase()
  const producer = await testProducer(inject('kafkaBrokers'))
  const letters = [
    deadLetter(env.TOPIC_PURCHASES, 5, 'data.currency: CHF has no rate; configured: EUR', purchase.json),
    deadLetter(env.TOPIC_SUPPORT, 6, 'not JSON: Unexpected end of JSON input', '{'),
    deadLetter(env.TOPIC_SUPPORT, 7, 'not JSON: Unexpected token', '}'),
    // A relay that crashed before it could forget what it had sent.
    deadLetter(env.TOPIC_SUPPORT, 7, 'not JSON: Unexpected token', '}'),
  ]
  await producer.sendBatch([{ topic: env.TOPIC_DEAD_LETTERS, messages: letters }])

  const listed = JSON.parse((await cli(['dlq', 'list', '--json'], env)).stdout)
  expect(listed).toMatchObject({ total: 4, intakeStopped: null, byReason: { 'not JSON': 2 } })
  expect(listed.letters.map(({ origin }: { origin: string }) => origin)).toEqual([
    `${env.TOPIC_SUPPORT}/1/7`,
    `${env.TOPIC_SUPPORT}/1/6`,
    `${env.TOPIC_PURCHASES}/1/5`,
  ])
  const shown = await cli(['dlq', 'show', `${env.TOPIC_PURCHASES}/1/5`], env)
  expect(shown.stdout).toContain('CHF has no rate')
  expect(shown.stdout).toContain(purchase.json)
  expect((await cli(['dlq', 'show', 'nothing/0/0'], env)).code).toBe(2)

  expect((await cli(['dlq', 'replay'], env)).code).toBe(2)
  const replayed = await cli(['dlq', 'replay', '--reason', 'has no rate'], env)
  expect(replayed.stdout).toContain('1 record sent again')
  const status = JSON.parse((await cli(['status', '--json'], env)).stdout)
  expect(status.figures).toMatchObject({ deadLetters: 4, lag: { [env.TOPIC_PURCHASES]: 1, [env.TOPIC_SUPPORT]: 0 } })
})

test('resume lets a stopped intake go on', async () => {
  const { env } = await makeInstallation()
  const { client } = await testRedis(inject('redisUrls'))
  const key = installationKeys(env.KEY_PREFIX).intakeStopped
  await client.set(key, 'more than half of the newest 10000 records are invalid')
  const listed = await cli(['dlq', 'list'], env)
  expect(listed.stderr).toContain('Intake is stopped: more than half')
  expect(listed.stdout).toBe('no dead letters\n')
  expect((await cli(['dlq', 'resume'], env)).stdout).toBe('intake goes on\n')
  expect(await client.get(key)).toBeNull()
  expect((await cli(['dlq', 'resume'], env)).stdout).toBe('intake was not stopped\n')
})
