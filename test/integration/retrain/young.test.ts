import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/local'
import { eventually, testLog } from '@holdfast/testing'
import { openRetrainingQueue } from '@holdfast/trainer'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { recordOf, sendHistory, TrainerProcess } from './support.ts'

showWorkersOfFailedTests()

/** Installations that have just begun, with the model that comes with Holdfast: it learned from a shop of three years. */

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-young-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function trainerOf(name: string, shop: Installation, env: Readonly<Record<string, string>> = {}) {
  const models = join(dir, name)
  mkdirSync(models)
  const trainer = await TrainerProcess.start(name, dir, shop, { MODELS_DIR: models, WATCH_EVERY: '1s', ...env })
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(trainer.tail())
    await trainer.kill()
  })
  return { trainer, models }
}

async function shopOf(days: number): Promise<Installation> {
  const shop = await install({
    env: { MODELS_DIR: join(repositoryRoot(), 'models'), CURRENCY_RATES: 'GBP=1.17,USD=0.92' },
  })
  onTestFinished(() => shop.close())
  await shop.runWorker()
  await sendHistory(shop, { customers: 600, days })
  return shop
}

test.each([
  ['of 18 months', 548, /the champion learned from \d+, and the score has not drifted/],
  ['of half a year', 180, /to retrain for 90 days ahead takes 360/],
] as const)(
  'a shop %s differs by nature: it is looked at again and again, and nothing retrains',
  async (name, days, says) => {
    const shop = await shopOf(days)
    const { trainer, models } = await trainerOf(name, shop)
    await eventually(() => trainer.said('looked how far customers have drifted') >= 3, { timeoutMs: 60_000 })
    expect(trainer.tail()).toMatch(says)
    expect(trainer.said('a retraining is queued')).toBe(0)
    expect(await recordOf(shop).read()).toEqual({ outcomes: [] })
    const queue = openRetrainingQueue({ client: shop.client, prefix: shop.prefix, log: testLog })
    expect((await queue.bull.getJobs()).filter((job) => job?.name === 'retrain')).toEqual([])
    await queue.stop()
    expect(readdirSync(models)).toEqual([])
  },
)

test('a look that fails is counted, told, and comes again', async () => {
  const shop = await install({})
  onTestFinished(() => shop.close())
  const { trainer } = await trainerOf('away', shop, { KAFKA_BROKERS: '127.0.0.1:1' })
  const failed = async () =>
    Number(/^holdfast_watches_total\{outcome="failed"[^}]*\} (\d+)$/m.exec(await trainer.metrics())?.[1] ?? 0)
  await eventually(async () => (await failed()) >= 2, { timeoutMs: 60_000 })
  expect(trainer.tail()).toMatch(/the look at the champion failed; the next one comes by itself/)
  expect(trainer.isRunning).toBe(true)
})
