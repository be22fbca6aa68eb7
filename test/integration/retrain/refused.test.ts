import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelStore } from '@holdfast/platform'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { makeModel } from '../models/make-model.ts'
import { type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { recordOf, type ShopHistory, sendHistory, TrainerProcess } from './support.ts'

showWorkersOfFailedTests()

/** Retrainings that come to nothing: what is said of them, and that nothing else changes. */

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-refused-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function shopOf(
  name: string,
  history: ShopHistory | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<{ shop: Installation; trainer: TrainerProcess; models: string }> {
  const models = join(dir, name)
  mkdirSync(models)
  await makeModel(models, 'v1')
  const shop = await install({ env: { MODELS_DIR: models, CURRENCY_RATES: 'GBP=1.17,USD=0.92' } })
  onTestFinished(() => shop.close())
  await shop.runWorker()
  if (history !== undefined) await sendHistory(shop, history)
  const trainer = await TrainerProcess.start(name, dir, shop, { AUTO_PROMOTE: 'true', ...env })
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(trainer.tail())
    await trainer.kill()
  })
  return { shop, trainer, models }
}

const retrain = ({ env }: Installation) => cli(['models', 'retrain', '--wait'], env)
const champion = async ({ client, prefix }: Installation) =>
  (await modelStore(client, prefix).pointers()).champions[0]?.version

test('a version that does not pass the gate is not promoted, nor proposed, whatever is configured', async () => {
  // Most customers have left at once: nothing that was learned before says so.
  const { shop, models } = await shopOf('regime', {
    ...{ customers: 700, days: 540 },
    fallSilent: { ofTen: 7, days: 95 },
  })
  const { code, stdout, stderr } = await retrain(shop)
  expect(stdout).toMatch(/because somebody asked: refused/)
  expect(stdout).toMatch(/FAILED +calibration/)
  expect(stderr).toMatch(/RETRAINING_REFUSED: v2 did not pass: .*calibration/)
  expect(code).toBe(1)
  expect(await champion(shop)).toBe('v1')
  const { open, outcomes } = await recordOf(shop).read()
  expect(open).toBeUndefined()
  expect(outcomes[0]).toMatchObject({ kind: 'refused', candidate: { version: 'v2', gate: { passed: false } } })
  // It stays for whoever wants to see why.
  expect(readdirSync(models)).toContain('v2')
})

test.each([
  [
    'too short a history',
    { customers: 200, days: 200 },
    /the log spans \d+ days; a horizon of 90 days needs 360 at least/,
  ],
  ['no history at all', undefined, /the log holds no event/],
] as const)('%s is told once, and is no reason to fall over', async (name, history, says) => {
  const { shop, trainer, models } = await shopOf(name.replaceAll(' ', '-'), history)
  const { code, stderr } = await retrain(shop)
  expect(stderr).toMatch(says)
  expect(stderr).toContain('TOO_LITTLE_HISTORY')
  expect(code).toBe(1)
  expect((await recordOf(shop).read()).outcomes.map(({ kind }) => kind)).toEqual(['too_little_history'])
  expect(trainer.said('retraining begins')).toBe(1)
  expect(trainer.isRunning).toBe(true)
  expect(readdirSync(models)).toEqual(['v1'])
  expect(await champion(shop)).toBe('v1')
})

test('a broker that is away is tried again, and told when that does not help', async () => {
  const away = { KAFKA_BROKERS: '127.0.0.1:1', RETRAIN_PAUSE_MS: '50', RETRAIN_ATTEMPTS: '2' }
  const { shop, trainer } = await shopOf('broker', undefined, away)
  const { code, stderr } = await retrain(shop)
  expect(stderr).toMatch(/RETRAINING_FAILED: KAFKA_UNREACHABLE: no Kafka broker answers/)
  expect(code).toBe(1)
  expect(trainer.said('retraining begins')).toBe(2)
  expect(trainer.isRunning).toBe(true)
  expect(await champion(shop)).toBe('v1')
})
