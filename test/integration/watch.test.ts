import { join } from 'node:path'
import { installationKeys } from '@holdfast/contracts'
import { RECENT_PURCHASES } from '@holdfast/core'
import { modelStore } from '@holdfast/platform'
import type { ShopEvent } from '@holdfast/simulation'
import { anEvent, aPurchase, eventually, manualClock, uniqueName } from '@holdfast/testing'
import type { Watched } from '@holdfast/trainer'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { cli } from './cli/run-cli.ts'
import { TrainerProcess } from './retrain/support.ts'
import { type Installation, showWorkersOfFailedTests, type WorkerProcess } from './risk-worker/support.ts'
import { openWatchedShop, type WatchedShop } from './watch-shop.ts'
import { DAY, expectAsNaive, naiveOutcome, openWatcher, sendEvents, statesAt, writeTraining } from './watch-support.ts'

showWorkersOfFailedTests()

/** A quarter in the life of a champion, watched: one worker, one shop, and a clock that the watching alone goes by. */

const H = 90 * DAY
const T0 = Date.now() - 120 * DAY
const HOUR = DAY / 24
/** The shop of a test is another one every day, and so is its drift: by now the score's has been 0.85 at least, after 60 days around 0.3. */
const SILENT = T0 + 85 * DAY
const PREDICTED = { sentUntil: T0, horizonMs: H }
const PATIENT = { limits: { catchUpMs: 60_000 } }

const clock = manualClock(T0)
let opened: WatchedShop
let events: ShopEvent[]
let shop: Installation
let worker: WorkerProcess
let watcher: WatchedShop['watcher']
let heavy: string
let first: Watched

beforeAll(async () => {
  opened = await openWatchedShop(T0, clock)
  shop = opened.shop
  worker = opened.worker
  watcher = opened.watcher
  events = [...opened.events]
})
afterAll(() => opened?.close())

const models = (...args: string[]) => cli(['models', ...args], shop.env)
const between = (from: number, to: number) => events.filter(({ timeMs }) => timeMs > from && timeMs <= to)
const keys = () => installationKeys(shop.prefix)
const day = (at: number) => new Date(at).toISOString().slice(0, 10)

test('before anybody has watched, and of an empty installation, it says so', async () => {
  for (const path of ['drift', 'outcomes']) {
    expect((await opened.problemOf(`/v1/models/champion/${path}`, 404)).type).toContain('not-measured-yet')
    const { code, stderr } = await models(path)
    expect([code, stderr]).toEqual([1, expect.stringContaining('NOT_MEASURED_YET')])
  }
  const prefix = uniqueName('nowhere')
  const nowhere = await openWatcher({ ...shop, prefix }, clock)
  expect((await nowhere.watch()).last).toMatchObject({ outcome: 'no_model', open: 0 })
  await shop.client.unlink(installationKeys(prefix).watch)
  await nowhere.close()
  expect((await watcher.watch()).last).toMatchObject({ outcome: 'no_customers', open: 0 })
  expect((await opened.problemOf('/v1/models/champion/drift', 404)).detail).toContain('nobody has bought yet')
})

test('customers of the kind that the model learned from: little drift; one cohort a day', async () => {
  await sendEvents(shop, between(0, T0))
  // The worker that began with v1 has brought to Redis how its training rows were spread.
  first = await watcher.watch(PATIENT)
  expect(first.last).toMatchObject({
    outcome: 'measured',
    open: 1,
    corrupt: [],
    nextMaturesAt: `${day(T0 + H)}T00:00:00.000Z`,
  })
  const buyers = [...statesAt(events, T0).values()].filter(({ purchases, erased }) => purchases && !erased)
  expect(first.drift).toMatchObject({ customers: buyers.length, problem: null, model: { version: 'v1' } })
  expect(first.drift?.chance).toBeCloseTo(33.72 / buyers.length, 12)
  expect(first.drift?.score).toBeLessThan(0.1)
  expect(first.drift?.features[0]?.psi).toBeLessThan(0.1)
  expect(first.recorded).toEqual({ cohort: `${day(T0)}+90d`, customers: buyers.length })

  const few = await watcher.watch({ limits: { ...PATIENT.limits, driftCustomers: 99 } })
  expect(few.drift).toMatchObject({
    customers: 99,
    score: null,
    chance: null,
    problem: expect.stringMatching(/^unknown: 99 /),
  })
  const again = await watcher.watch(PATIENT)
  expect(again.recorded).toBeUndefined()
  expect(again.drift).toEqual(first.drift)
  expect(await opened.readDrift()).toEqual(first.drift)
  const told = await models('drift', '--json')
  expect(JSON.parse(told.stdout).drift).toEqual(first.drift)
  expect(await opened.readOutcomes()).toMatchObject({ versions: [], cohorts: [], last: { open: 1 } })
})

test('a champion that does not say what it learned from: drift is unknown, until it is promoted with it', async () => {
  expect((await models('promote', 'v2', '--force')).code).toBe(0)
  expect((await opened.problemOf('/v1/models/champion/drift', 404)).type).toContain('not-measured-yet')
  clock.set(T0 + DAY)
  const watched = await watcher.watch(PATIENT)
  expect(watched.drift).toMatchObject({ score: null, features: [], problem: expect.stringMatching('retrain') })
  expect(watched.recorded?.cohort).toBe(`${day(T0 + DAY)}+90d`)
  expect((await opened.readDrift()).problem).toMatch(/^unknown: model v2/)
  expect((await models('drift')).stdout).toContain('drift is unknown: model v2')

  writeTraining(join(opened.dir, 'v2'), opened.v2, statesAt(events, T0).values(), T0)
  expect((await models('promote', 'v2', '--force')).code).toBe(0)
  expect((await watcher.watch(PATIENT)).drift).toMatchObject({ problem: null, model: { version: 'v2' } })
  // Who goes back has it, too.
  const { champions } = await modelStore(shop.client, shop.prefix).pointers()
  for (const pointer of champions)
    expect(await modelStore(shop.client, shop.prefix).training(pointer)).toContain('recencyDays')
})

test('customers who have fallen silent: another population', async () => {
  clock.set(SILENT)
  const { drift } = await watcher.watch(PATIENT)
  expect(drift?.features.find(({ feature }) => feature === 'recencyDays')?.psi).toBeGreaterThan(0.5)
  expect(drift?.score).toBeGreaterThan(0.25)
  expect((await models('drift')).stdout).toMatch(/score +\d\.\d+ +ANOTHER POPULATION/)
})

let gone: string[]
const MATURE = T0 + H + HOUR

test('while the states are behind the log no cohort is judged', async () => {
  expect(await worker.stop()).toBe(0)
  await sendEvents(shop, between(T0, MATURE))
  const ids = [...new Set(between(0, T0).map(({ event }) => event.subject))]
  gone = ids.slice(0, 3)
  heavy = ids.find(
    (id) =>
      !gone.includes(id) &&
      statesAt(
        between(0, T0).filter(({ event }) => event.subject === id),
        T0,
      ).get(id)?.purchases,
  )!
  await shop.send(...gone.map((customerId) => anEvent('customer.erased', {}, { customerId, time: T0 + 5 * DAY })))
  clock.set(MATURE)
  const { last, judged, drift } = await watcher.watch({ limits: { catchUpMs: 300 } })
  expect(last).toMatchObject({ outcome: 'behind', says: expect.stringMatching(/\d+ records behind/), open: 3 })
  expect(judged).toEqual([])
  // What was known stays known.
  expect(drift?.asOf).toBe(new Date(SILENT).toISOString())
  expect((await models('outcomes')).stdout).toContain('no prediction has been judged yet')
})

test('a cohort whose horizon has passed is judged as the events themselves say, under the model that predicted', async () => {
  worker = await shop.runWorker()
  const { judged, last } = await watcher.watch(PATIENT)
  expect(last.outcome).toBe('measured')
  expect(judged.map(({ cohort, model }) => [cohort, model.version])).toEqual([[`${day(T0)}+90d`, 'v1']])
  const naive = naiveOutcome(events, { ...PREDICTED, model: opened.v1, at: T0, knownUntil: MATURE, gone })
  expect(naive.counts.churned).toBeGreaterThan(50)
  expect(naive.figures.auc).toBeGreaterThan(0.6)
  expectAsNaive(judged[0]!, naive)
  // Everybody of the cohort is somewhere, and the erased ones are left out.
  expect(judged[0]!.erased).toBe(first.recorded!.customers - naive.counts.customers - naive.counts.unknown)
  expect(judged[0]!.erased).toBeGreaterThan(0)
  expect(judged[0]).toMatchObject({ predictedAt: new Date(T0).toISOString() })
  expect(await opened.readOutcomes()).toMatchObject({
    cohorts: judged,
    versions: [{ model: { version: 'v1' }, cohorts: 1 }],
  })
  expect((await watcher.watch(PATIENT)).judged).toEqual([])
})

test('judged late, whoever has bought too often since is unknown; a damaged cohort is named and passed over', async () => {
  const late = T0 + 110 * DAY
  await sendEvents(shop, between(MATURE, late))
  const bought = Array.from({ length: RECENT_PURCHASES }, (_, i) =>
    aPurchase({ customerId: heavy, time: T0 + (92 + i) * DAY }),
  )
  await shop.send(...bought)
  const damaged = `${day(T0 + DAY)}+100d`
  const { watch, cohorts } = keys()
  await shop.client.hset(cohorts, damaged, 'rubbish')
  await shop.client.hset(watch, 'outcome:2001-01-01+90d', 'rubbish')
  clock.set(late)
  const { judged, last, versions } = await watcher.watch(PATIENT)
  expect(judged.map(({ cohort, model }) => [cohort, model.version])).toEqual([[`${day(T0 + DAY)}+90d`, 'v2']])
  const extra = bought.map(({ event }) => event.time)
  events.push(...extra.map((timeMs) => ({ role: 'purchases', timeMs, event: purchaseOf(heavy) }) as const))
  const naive = naiveOutcome(events, { ...PREDICTED, model: opened.v2, at: T0 + DAY, knownUntil: late, gone })
  expect(naive.counts.unknown).toBeGreaterThan(0)
  expectAsNaive(judged[0]!, naive)
  expect(versions.map(({ model }) => model.version)).toEqual(['v2', 'v1'])
  expect(last.corrupt).toEqual([damaged, '2001-01-01+90d'])
  expect(watcher.errors.filter((line) => line.includes(damaged) && line.includes('passed over'))).toHaveLength(1)
  expect((await opened.readOutcomes()).cohorts).toHaveLength(2)
  const told = await models('outcomes')
  expect(told.stdout).toContain(`CANNOT BE READ and passed over: ${damaged}`)
  expect(told.stdout).toMatch(/v2, 1 cohort +\d+/)

  clock.set(T0 + 132 * DAY)
  expect((await watcher.watch(PATIENT)).last.expired).toEqual([damaged])
  expect(await shop.client.hexists(cohorts, damaged)).toBe(0)
})

test('a champion that cannot be used, and damage to what is stored, are told, and the next watch mends what it can', async () => {
  const { watch, models: key } = keys()
  await shop.client.hset(watch, 'drift', 'rubbish')
  expect((await opened.problemOf('/v1/models/champion/drift', 503)).type).toContain('watch-broken')
  const [champion] = (await modelStore(shop.client, shop.prefix).pointers()).champions
  const sound = await shop.client.hget(key, `model:${champion!.digest}`)
  await shop.client.hset(key, `model:${champion!.digest}`, 'rubbish')
  expect((await watcher.watch(PATIENT)).last).toMatchObject({
    outcome: 'model_unusable',
    says: expect.stringMatching('damaged'),
  })
  await shop.client.hset(key, `model:${champion!.digest}`, sound!)
  const now = await models('drift', '--now', '--json')
  expect(JSON.parse(now.stdout)).toMatchObject({
    drift: { model: { version: 'v2' }, problem: null },
    last: { outcome: 'measured' },
  })
  expect((await opened.readDrift()).model.version).toBe('v2')
})

test('the trainer watches by itself and serves the figures as metrics', async () => {
  const { dir } = opened
  const trainer = await TrainerProcess.start('trainer', dir, shop, { WATCH_EVERY: '1s', RETRAIN_ON_DRIFT: 'off' })
  onTestFinished(async () => {
    await trainer.stop()
  })
  const value = async (name: string, labels: string) =>
    Number(new RegExp(`^holdfast_${name}\\{${labels}[^}]*\\} (\\S+)$`, 'm').exec(await trainer.metrics())?.[1])
  await eventually(async () => (await value('watches_total', 'outcome="measured"')) > 0, { timeoutMs: 60_000 })
  const { score, features } = await opened.readDrift()
  const recency = features.find(({ feature }) => feature === 'recencyDays')!
  expect(await value('drift_score_psi', 'version="v2"')).toBeCloseTo(score!, 1)
  expect(await value('drift_feature_psi', 'version="v2",feature="recencyDays"')).toBeCloseTo(recency.psi, 1)
  for (const { model, auc, ece, customers, churned } of (await opened.readOutcomes()).cohorts) {
    const version = `version="${model.version}"`
    expect(await value('outcome_auc', version)).toBe(auc)
    expect(await value('outcome_ece', version)).toBe(ece)
    expect(await value('outcome_customers', `${version},outcome="returned"`)).toBe(customers - churned)
  }
})

function purchaseOf(subject: string): ShopEvent['event'] {
  const like = events.find(({ event }) => event.type === 'purchase.completed')!
  return { ...like.event, subject }
}
