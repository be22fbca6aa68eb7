import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aPurchase, eventually, testKafka } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from './support.ts'

showWorkersOfFailedTests()

/** What keeps a worker from starting is told on stderr in words, with the way out, and the exit code is 1. */

let folder: string
let shop: Installation

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-start-up-'))
  shop = await install()
})

afterAll(async () => {
  await shop?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function failsToStart(installation: Installation, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const worker = installation.startWorker(env)
  expect(await worker.exited).toBe(1)
  expect(worker.stderr()).not.toMatch(/^\s+at .*\.js:\d+/m)
  return worker.stderr()
}

describe.concurrent('what is missing or wrong', () => {
  test('no model', async () => {
    const said = await failsToStart(shop, { MODELS_DIR: join(folder, 'no-models') })
    expect(said).toContain(`there is no model under ${join(folder, 'no-models')}`)
    expect(said).toContain('holdfast train')
  })

  test('a version that is not there', async () => {
    expect(await failsToStart(shop, { MODEL_VERSION: 'v999' })).toContain('v999')
  })

  test('a policy file with faults, each named by its path', async () => {
    const file = join(folder, 'policy.yaml')
    writeFileSync(file, 'actions:\n  reactivation:\n    cooldown: soon\nsendWithGenerateModel: true\n')
    const said = await failsToStart(shop, { POLICY_FILE: file })
    expect(said).toContain('policy.yaml')
    expect(said).toContain('actions.reactivation.cooldown')
    expect(said).toContain('sendWithGenerateModel')
  })

  test('no policy file', async () => {
    expect(await failsToStart(shop, { POLICY_FILE: join(folder, 'none.yaml') })).toContain(join(folder, 'none.yaml'))
  })

  test('a setting that is none', async () => {
    const said = await failsToStart(shop, { KAFKA_SESSION_MS: 'long', CURRENCY_RATES: 'GBP' })
    expect(said).toContain('KAFKA_SESSION_MS')
    expect(said).toContain('CURRENCY_RATES')
  })

  test('two roles on one topic', async () => {
    expect(await failsToStart(shop, { TOPIC_SUPPORT: shop.topics.purchases })).toContain('give each its own')
  })

  test('no Kafka', async () => {
    const said = await failsToStart(shop, { KAFKA_BROKERS: '127.0.0.1:1' })
    expect(said).toContain('no Kafka broker answers')
    expect(said).toContain('127.0.0.1:1')
    expect(said).toContain('KAFKA_BROKERS')
  })

  test('no Redis', async () => {
    const said = await failsToStart(shop, { REDIS_URL: 'redis://:secret@127.0.0.1:1' })
    expect(said).toContain('no Redis answers at 127.0.0.1:1')
    expect(said).not.toContain('secret')
  })
})

describe('partitions', () => {
  test('inputs that differ in their number of partitions', async () => {
    const admin = testKafka(inject('kafkaBrokers')).admin()
    onTestFinished(() => admin.disconnect())
    await admin.connect()
    const uneven = await install()
    onTestFinished(() => uneven.close())
    await admin.createTopics({
      topics: [
        { topic: uneven.topics.purchases, numPartitions: 2 },
        { topic: uneven.topics.support, numPartitions: 3 },
      ],
    })
    const said = await failsToStart(uneven)
    expect(said).toContain(uneven.topics.purchases)
    expect(said).toContain(uneven.topics.support)
    expect(said).toMatch(/\b2\b/)
    expect(said).toMatch(/\b3\b/)
  })

  test('another number than the states were built from', async () => {
    const worker = await shop.runWorker()
    const customerId = customerOn(shop)
    await shop.send(aPurchase({ customerId }))
    await eventually(async () => (await shop.purchasesOf(customerId)) === 1)
    expect(await worker.stop()).toBe(0)

    const admin = testKafka(inject('kafkaBrokers')).admin()
    onTestFinished(() => admin.disconnect())
    await admin.connect()
    const { purchases, support, engagement, profile, actions } = shop.topics
    const inputs = [purchases, support, engagement, profile, actions]
    await admin.createPartitions({ topicPartitions: inputs.map((topic) => ({ topic, count: 3 })) })

    const said = await failsToStart(shop)
    expect(said).toContain('have 3 partitions')
    expect(said).toContain('was built from 2')
    expect(said).toContain(purchases)
    expect(said).toContain('holdfast rebuild')
    expect(await shop.purchasesOf(customerId)).toBe(1)
  })
})
