import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { type Flow, startFlow } from '../models/flow.ts'
import { makeModel } from '../models/make-model.ts'
import { type Installation, install, showWorkersOfFailedTests, type WorkerProcess } from '../risk-worker/support.ts'
import {
  emptyQueue,
  outcomeNumber,
  queueOne,
  recordOf,
  SHORT_LOCK,
  sendHistory,
  TRAINING_MS,
  TrainerProcess,
} from './support.ts'

showWorkersOfFailedTests()
// Two trainings, and what is around them.
vi.setConfig({ testTimeout: 3 * TRAINING_MS })

/** A shop with a past, a champion that is easily beaten, and a risk-worker that scores while events flow. */

let dir: string
let models: string
let shop: Installation
let worker: WorkerProcess
let flow: Flow

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-retrain-'))
  models = join(dir, 'models')
  mkdirSync(models)
  await weakModel(models)
  shop = await install({ env: { MODELS_DIR: models, CURRENCY_RATES: 'GBP=1.17,USD=0.92' } })
  worker = await shop.runWorker()
  await sendHistory(shop, { customers: 1_000, days: 540 })
  flow = startFlow(shop)
})

afterAll(async () => {
  await flow?.stop()
  await shop?.close()
  rmSync(dir, { recursive: true, force: true })
})

/** Blind to how long ago somebody bought, and to little else. */
const weakModel = (folder: string) =>
  makeModel(folder, 'v1', { weight: (weight, feature) => (/recency/i.test(feature) ? 0 : weight) })

const holdfast = (...args: string[]) => cli(args, shop.env)
const scores = async () => JSON.parse((await worker.probe('readyz')).text).detail.model.version
const versions = () => readdirSync(models).toSorted()
let started = 0

async function startTrainer(env: Readonly<Record<string, string>>, on = shop): Promise<TrainerProcess> {
  const trainer = await TrainerProcess.start(`trainer-${++started}`, dir, on, env)
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(`${trainer.name}:\n${trainer.tail()}`)
    // Not killed: an outcome is on record a moment before its job has ended, and the next test would be given that job.
    if (trainer.isRunning) await trainer.stop()
  })
  return trainer
}

test('a schedule retrains while events flow: the new version is proposed, and scores when somebody promotes it', async () => {
  const trainer = await startTrainer({ RETRAIN_SCHEDULE: '3s' })
  const outcome = await outcomeNumber(shop, 1)
  expect(outcome).toMatchObject({ why: 'schedule', kind: 'proposed', candidate: { version: 'v2' } })
  expect(outcome.says).toContain('npx holdfast models promote v2')
  expect(outcome.candidate!.gate).toMatchObject({ passed: true, champion: 'v1' })
  expect(await scores()).toBe('v1')

  // It comes again; whatever is proposed last is what is proposed.
  const again = await outcomeNumber(shop, 2)
  expect(again).toMatchObject({ why: 'schedule', candidate: { version: 'v3' } })
  expect(await trainer.metrics()).toMatch(
    /holdfast_retraining_next_timestamp_seconds\{schedule="retrain",service="trainer"\} \d/,
  )
  expect(await trainer.stop()).toBe(0)
  await emptyQueue(shop)
  const { open, outcomes } = await recordOf(shop).read()
  expect(open?.version).toBe(outcomes.find(({ kind }) => kind === 'proposed')!.candidate!.version)
  expect(versions()).toContain('v3')
  expect(versions().filter((name) => name.startsWith('.'))).toEqual([])
  await flow.nothingIsLost()

  const listed = JSON.parse((await holdfast('models', 'list', '--json')).stdout)
  expect(listed.retraining).toMatchObject({ open: { version: open!.version }, newest: { why: 'schedule' } })
  expect((await holdfast('models', 'list')).stdout).toContain(`npx holdfast models promote ${open!.version}`)
  expect((await holdfast('models', 'show', open!.version)).stdout).toMatch(/retrained .*because of its schedule/)
  // From a machine that does not have the folder of the trainer.
  const promoted = await cli(['models', 'promote', open!.version], { ...shop.env, MODELS_DIR: join(dir, 'elsewhere') })
  expect(promoted, promoted.stdout + promoted.stderr).toMatchObject({ code: 0 })
  await eventually(async () => (await scores()) === open!.version, { timeoutMs: 15_000 })
  expect((await recordOf(shop).read()).open).toBeUndefined()
  await flow.nothingIsLost()
})

test('configured to, it promotes what has passed by itself, and the risk-worker scores with it without losing an event', async () => {
  expect((await holdfast('models', 'promote', 'v1', '--force')).code).toBe(0)
  await eventually(async () => (await scores()) === 'v1', { timeoutMs: 15_000 })
  const trainer = await startTrainer({ AUTO_PROMOTE: 'true' })
  const { code, stdout } = await holdfast('models', 'retrain', '--wait', '--json')
  const outcome = JSON.parse(stdout)
  expect(outcome).toMatchObject({
    why: 'asked',
    kind: 'promoted',
    candidate: { gate: { passed: true, champion: 'v1' } },
  })
  expect(code).toBe(0)
  await eventually(async () => (await scores()) === outcome.candidate.version, { timeoutMs: 15_000 })
  expect((await recordOf(shop).read()).open).toBeUndefined()
  expect(await trainer.metrics()).toContain('holdfast_retraining_last{outcome="promoted",service="trainer"} 1')
  await flow.nothingIsLost()
})

test('killed in the middle of a training, it leaves no half version, and another trainer finishes the job alone', async () => {
  const trainers = [await startTrainer(SHORT_LOCK), await startTrainer(SHORT_LOCK)]
  const before = versions()
  const job = (await holdfast('models', 'retrain')).stdout.trim()
  await eventually(() => trainers.some((trainer) => trainer.said('retraining begins') > 0))
  const next = await queueOne(shop)
  const says = (text: string) => trainers.find((trainer) => trainer.said(text) > 0)
  await eventually(() => says('choosing the ridge') !== undefined, { timeoutMs: TRAINING_MS })
  const busy = says('choosing the ridge')!
  const idle = trainers.find((trainer) => trainer !== busy)!
  // Though a job waits for it.
  expect(idle.said('retraining begins')).toBe(0)
  await busy.kill()
  await idle.says('taken over from a worker that fell silent')
  const ended = async () =>
    (await recordOf(shop).read()).outcomes.filter((outcome) => [job, next].includes(outcome.job))
  await eventually(async () => (await ended()).length === 2, { timeoutMs: TRAINING_MS })
  expect(versions().filter((name) => name.startsWith('.'))).toEqual([])
  const added = versions().filter((name) => !before.includes(name))
  const told = (await ended()).map(({ candidate }) => candidate?.version)
  expect(added).toEqual(told.toSorted())
  const { models: listed } = JSON.parse((await holdfast('models', 'list', '--json')).stdout)
  expect(listed.filter(({ problem }: { problem: string | null }) => problem !== null)).toEqual([])
  await flow.nothingIsLost()
})

test('a training that ends its trainer again and again is given up, and told', async () => {
  const first = await startTrainer({ ...SHORT_LOCK, RETRAIN_ATTEMPTS: '1' })
  await holdfast('models', 'retrain')
  await first.says('retraining begins')
  await first.kill()
  await startTrainer({ ...SHORT_LOCK, RETRAIN_ATTEMPTS: '1' })
  await eventually(async () => (await recordOf(shop).read()).outcomes[0]?.kind === 'failed', { timeoutMs: TRAINING_MS })
  expect((await recordOf(shop).read()).outcomes[0]!.says).toContain('it was started 1 times')
})

test.skipIf(process.platform !== 'linux')(
  'a training process that is killed, for its memory say, is started again',
  async () => {
    const trainer = await startTrainer({ RETRAIN_PAUSE_MS: '50' })
    const job = (await holdfast('models', 'retrain')).stdout.trim()
    await trainer.says('reading how far the log reaches')
    for (const pid of trainer.children()) process.kill(pid, 'SIGKILL')
    await trainer.says('TRAINING_DIED')
    await eventually(async () => (await recordOf(shop).read()).outcomes[0]?.job === job, { timeoutMs: TRAINING_MS })
    expect((await recordOf(shop).read()).outcomes[0]!.candidate).toBeDefined()
    expect(trainer.said('retraining begins')).toBe(2)
    expect(trainer.children()).toEqual([])
  },
)

test.skipIf(process.platform !== 'linux')(
  'stopped in the middle, it gives the job back, and it costs no attempt',
  async () => {
    const first = await startTrainer({ RETRAIN_ATTEMPTS: '1' })
    const job = (await holdfast('models', 'retrain')).stdout.trim()
    await first.says('reading how far the log reaches')
    const arithmetic = first.children()
    expect(await first.stop()).toBe(0)
    for (const pid of arithmetic) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect((await recordOf(shop).read()).outcomes.some((outcome) => outcome.job === job)).toBe(false)
    await startTrainer({ RETRAIN_ATTEMPTS: '1' })
    await eventually(async () => (await recordOf(shop).read()).outcomes[0]?.job === job, { timeoutMs: TRAINING_MS })
    expect((await recordOf(shop).read()).outcomes[0]!.candidate).toBeDefined()
  },
)

test('drift retrains once, however often it is seen', async () => {
  const trainer = await startTrainer({ WATCH_EVERY: '1s', RETRAIN_ON_DRIFT: '0.01', RETRAIN_DRIFT_REST: '1h' })
  await trainer.says('it was retrained for drift already')
  await eventually(async () => (await recordOf(shop).read()).outcomes[0]?.why === 'drift', { timeoutMs: TRAINING_MS })
  const seen = trainer.said('looked how far customers have drifted')
  await eventually(() => trainer.said('looked how far customers have drifted') > seen, { timeoutMs: TRAINING_MS })
  const { outcomes } = await recordOf(shop).read()
  expect(outcomes.filter(({ why }) => why === 'drift')).toHaveLength(1)
  expect(outcomes[0]!.because).toMatch(/has drifted: population stability index \d+\.\d+, above 0\.01/)
  await flow.nothingIsLost()
})
