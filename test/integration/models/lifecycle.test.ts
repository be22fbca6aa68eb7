import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installationKeys } from '@holdfast/contracts'
import {
  type CustomerState,
  featureVector,
  logitOf,
  NEVER,
  nextBandLook,
  probabilityOf,
  type RiskModel,
} from '@holdfast/core'
import { modelStore } from '@holdfast/platform'
import { aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import {
  customerOn,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from '../risk-worker/support.ts'
import { type Flow, startFlow } from './flow.ts'
import { makeModel } from './make-model.ts'

showWorkersOfFailedTests()

/** Models come and go while events flow: one worker, never restarted but where a test says so. */

const DAY = 86_400_000
const SILENT = 60
/** Customers a second that are looked at ahead of their appointment. */
const PER_SECOND = 20

const made: Record<string, RiskModel> = {}
let dir: string
let shop: Installation
let worker: WorkerProcess
let silent: string[]
let flow: Flow

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-models-'))
  made.v1 = await makeModel(dir, 'v1')
  shop = await install({ env: { MODELS_DIR: dir, MODEL_SWEEP_PER_SECOND: String(PER_SECOND) } })
  worker = await shop.runWorker()
  made.v2 = await makeModel(dir, 'v2', { bias: 0.9 })
  made.v3 = await makeModel(dir, 'v3', { bias: -0.7 })
  // Customers of whom nothing is heard any more: whatever happens to them, a new model made happen.
  silent = Array.from({ length: SILENT }, () => customerOn(shop))
  await shop.send(...silent.map((customerId, i) => aPurchase({ customerId, time: Date.now() - (5 + i) * DAY })))
  await eventually(() => everySilent((state) => isOf(state, made.v1!)))
  flow = startFlow(shop)
})

afterAll(async () => {
  await flow?.stop()
  await shop?.close()
  rmSync(dir, { recursive: true, force: true })
})

const models = (...args: string[]) => cli(['models', ...args], shop.env)
const ready = async () => JSON.parse((await worker.probe('readyz')).text)
const scoresWith = (version: string) => async () => (await ready()).detail.model.version === version
const store = () => modelStore(shop.client, shop.prefix)

async function everySilent(holds: (state: CustomerState, id: string) => boolean | Promise<boolean>): Promise<boolean> {
  for (const id of silent) {
    const state = await shop.stateOf(id)
    if (state?.decided === undefined || !(await holds(state, id))) return false
  }
  return true
}

/** Whether the last look was taken with this model. */
function isOf(state: CustomerState, model: RiskModel): boolean {
  const { probability, evaluatedAt } = state.decided!
  return Math.abs(probability - probabilityOf(logitOf(model, featureVector(state, evaluatedAt)))) < 1e-5
}

/** Whether the appointment is what this model makes of the silence from the last look on. */
async function isAppointedBy(state: CustomerState, id: string, model: RiskModel): Promise<boolean> {
  const { band, evaluatedAt, heldUntil, predictedAt } = state.decided!
  const instants = [
    nextBandLook(state, band, evaluatedAt, model),
    heldUntil === NEVER ? undefined : heldUntil,
    predictedAt === NEVER ? undefined : predictedAt + model.horizonMs,
  ].filter((instant) => instant !== undefined)
  return (await (await shop.shardOf(id)).appointment(id)) === Math.min(...instants)
}

async function followTo(version: string): Promise<void> {
  const model = made[version]!
  await eventually(() => everySilent(async (state, id) => isOf(state, model) && isAppointedBy(state, id, model)), {
    timeoutMs: 40_000,
    everyMs: 250,
  })
}

test('the first worker promotes the newest version of the folder', async () => {
  const { champions } = await store().pointers()
  expect(champions.map(({ version }) => version)).toEqual(['v1'])
  expect((await ready()).detail.model).toMatchObject({ version: 'v1', challenger: null, refused: {} })
})

test('a promoted model scores within seconds; appointments follow little by little; no event is lost', async () => {
  const promoted = await models('promote', 'v2', '--force', '--json')
  expect(promoted.code).toBe(0)
  expect(JSON.parse(promoted.stdout)).toMatchObject({ role: 'champion', version: 'v2', before: 'v1' })
  await eventually(scoresWith('v2'), { timeoutMs: 15_000 })
  expect(await metric(worker, 'holdfast_model_info', { version: 'v2' })).toBe(1)
  expect(await metric(worker, 'holdfast_model_info', { version: 'v1' })).toBe(0)

  await followTo('v2')
  const looks = await Promise.all(silent.map(async (id) => (await shop.stateOf(id))!.decided!.evaluatedAt))
  looks.sort((a, b) => a - b)
  // Spread out, not all at once: within any second no more than the rate allows, and some room for a late timer.
  const busiest = Math.max(...looks.map((at) => looks.filter((other) => other >= at && other < at + 1_000).length))
  expect(busiest).toBeLessThanOrEqual(1.6 * PER_SECOND)
  expect(looks.at(-1)! - looks[0]!).toBeGreaterThan((0.6 * 1_000 * SILENT) / PER_SECOND)
  await flow.nothingIsLost()
  expect(worker.hasEnded()).toBe(false)
})

test('a challenger is compared on the same customers and decides nothing', async () => {
  expect((await models('promote', 'v3', '--as-challenger')).code).toBe(0)
  await eventually(async () => (await ready()).detail.model.challenger === 'v3', { timeoutMs: 15_000 })
  const of = (name: string, labels = {}) =>
    metric(worker, `holdfast_challenger_${name}_total`, { version: 'v3', ...labels })
  const ids = Array.from({ length: 20 }, () => customerOn(shop))
  const before = await of('difference')
  await shop.send(...ids.map((customerId, i) => aPurchase({ customerId, time: Date.now() - (15 + 2 * i) * DAY })))
  await eventually(async () => (await Promise.all(ids.map((id) => shop.stateOf(id)))).every((state) => state?.decided))
  let expected = 0
  for (const id of ids) {
    const state = (await shop.stateOf(id))!
    const vector = featureVector(state, state.decided!.evaluatedAt)
    expected += Math.abs(probabilityOf(logitOf(made.v2!, vector)) - probabilityOf(logitOf(made.v3!, vector)))
  }
  // Some are looked at twice, when what was decided comes back from the log.
  const difference = (await of('difference')) - before
  expect(expected).toBeGreaterThan(1)
  expect(difference).toBeGreaterThan(0.99 * expected)
  expect(difference).toBeLessThan(2.1 * expected)
  // The same weights, only lower: no pair changes its order, ties aside; but the bands differ.
  expect(await of('pairs', { order: 'same' })).toBeGreaterThan(10)
  expect(await of('pairs', { order: 'other' })).toBeLessThan(0.1 * (await of('pairs')))
  expect(await of('rows', { band: 'at_risk', challenger_band: 'watch' })).toBeGreaterThan(0)
  expect(await of('failures')).toBe(0)
  expect(await scoresWith('v2')()).toBe(true)
  expect(await everySilent((state) => isOf(state, made.v2!))).toBe(true)

  expect((await models('rollback', '--challenger')).code).toBe(0)
  await eventually(async () => (await ready()).detail.model.challenger === null, { timeoutMs: 15_000 })
})

test('a rollback is followed as a promotion is, also by a worker that takes over midway', async () => {
  expect((await models('rollback')).stdout).toContain('v1 scores again, after v2')
  await eventually(scoresWith('v1'), { timeoutMs: 15_000 })
  expect(await worker.stop()).toBe(0)
  expect(await everySilent((state) => isOf(state, made.v1!))).toBe(false)
  worker = await shop.runWorker()
  await followTo('v1')
  await flow.nothingIsLost()
  expect((await models('promote', 'v2', '--force')).code).toBe(0)
  await eventually(scoresWith('v2'), { timeoutMs: 15_000 })
})

test('damaged bytes in Redis: the last good one stays, says so, and goes on until they are mended', async () => {
  const { models: key } = installationKeys(shop.prefix)
  const { champions, text } = await store().pointers()
  const digest = 'ab'.repeat(32)
  const damaged = { champions: [{ version: 'v3', digest, at: new Date().toISOString() }, ...champions] }
  await shop.client.hset(key, `model:${digest}`, '{"manifest":"{}"', 'pointers', JSON.stringify(damaged))
  await eventually(async () => /damaged in Redis/.test((await ready()).detail.model.refused.champion ?? ''))
  const { ok, detail } = await ready()
  expect([ok, detail.model.version]).toEqual([true, 'v2'])
  expect(await metric(worker, 'holdfast_model_refused', { role: 'champion' })).toBe(1)
  expect(worker.log.some(({ level, msg }) => level === 'error' && /last good one stays/.test(msg ?? ''))).toBe(true)

  const customerId = customerOn(shop)
  await shop.send(aPurchase({ customerId, time: Date.now() - DAY }))
  await eventually(async () => (await shop.stateOf(customerId))?.decided !== undefined)
  expect(isOf((await shop.stateOf(customerId))!, made.v2!)).toBe(true)

  // A worker that starts now takes the champion before it.
  expect(await worker.stop()).toBe(0)
  worker = await shop.runWorker()
  expect((await ready()).detail.model).toMatchObject({
    version: 'v2',
    refused: { champion: expect.stringMatching('damaged') },
  })

  await shop.client.hset(key, 'pointers', text)
  await eventually(async () => (await ready()).detail.model.refused.champion === undefined)
  expect(await metric(worker, 'holdfast_model_refused', { role: 'champion' })).toBe(0)
  await flow.nothingIsLost()
})

test('nothing in Redis can be read at start-up: the newest of the folder that can be used scores', async () => {
  await makeModel(dir, 'v8', { manifest: { featureTableVersion: 999 } })
  expect(await worker.stop()).toBe(0)
  const { models: key } = installationKeys(shop.prefix)
  const { text } = await store().pointers()
  await shop.client.hset(key, 'pointers', 'rubbish')
  worker = await shop.runWorker()
  expect((await ready()).detail.model.version).toBe('v3')
  const passedOver = worker.log.find(({ msg }) => /passed over/.test(msg ?? ''))
  expect(passedOver).toMatchObject({ level: 'error', model: 'v8' })

  await shop.client.hset(key, 'pointers', text)
  await eventually(scoresWith('v2'), { timeoutMs: 15_000 })
  await flow.stop()
  await flow.nothingIsLost()
})
