import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Episode, episodeId } from '@holdfast/contracts'
import { type CustomerState, EMPTY_STATE, fold, nextBandLook } from '@holdfast/core'
import { type KafkaRecord, readCustomer } from '@holdfast/platform'
import { listVersions, loadBackend, openVersion, readVersion } from '@holdfast/scorer'
import { anEvent, aPurchase, type BuiltEvent, eventually, testLog } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { customerOn, type Installation, install, showWorkersOfFailedTests, type WorkerProcess } from './support.ts'

showWorkersOfFailedTests()

/** Silence, consent, snoozes and cooldowns: when a job is queued, when it is held back, and that it comes when the hold ends. */

const DAY = 86_400_000
const HORIZON = 90 * DAY
const COOLDOWN = 3_600_000
/** Long enough to see the hold, short enough to see its end. */
const HOLD_MS = 4_000

let folder: string
let shop: Installation
let worker: WorkerProcess
let actions: readonly KafkaRecord[]
let riskChanges: readonly KafkaRecord[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-holds-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, 'actions:\n  reactivation:\n    cooldown: 1h\n')
  shop = await install({ env: { POLICY_FILE: policy } })
  worker = await shop.runWorker()
  actions = await shop.read('actions')
  riskChanges = await shop.read('riskChanges')
})

afterAll(async () => {
  await shop?.close()
  rmSync(folder, { recursive: true, force: true })
})

const consent = (customerId: string, granted: boolean, time = Date.now()): BuiltEvent =>
  anEvent('consent.changed', { purpose: 'marketing', granted }, { customerId, time })

/** Whose last purchase lies the churn horizon and a while back: lapsed since that while. */
const lapsed = (customerId: string, sinceMs = 60_000): BuiltEvent =>
  aPurchase({ customerId, time: Date.now() - HORIZON - sinceMs })

async function foldUntil(customerId: string, isThere: (state: CustomerState) => boolean, ...events: BuiltEvent[]) {
  await shop.send(...events)
  await eventually(async () => {
    const state = await shop.stateOf(customerId)
    return state !== undefined && isThere(state)
  })
}

interface ActionRecord {
  readonly type: string
  readonly reason: string | undefined
}

function actionsOf(customerId: string): ActionRecord[] {
  return actions
    .filter(({ key }) => key?.toString() === customerId)
    .map(({ value }) => JSON.parse(String(value)) as { type: string; source: string; data: { reason?: string } })
    .filter(({ source }) => source === '/holdfast/risk-worker')
    .map(({ type, data }) => ({ type, reason: data.reason }))
}

async function episodeOf(customerId: string): Promise<string> {
  const state = await shop.stateOf(customerId)
  const episode: Episode = { customerId, band: 'lapsed', enteredAt: state!.purchases!.recent[0]! + HORIZON }
  return episodeId(episode.customerId, episode.band, episode.enteredAt)
}

/** Exactly one job under the episode's own id, and exactly one decision in the log before it. */
async function isQueuedOnce(customerId: string): Promise<void> {
  await eventually(async () => (await shop.jobsOf('reactivation', customerId)).length > 0)
  expect(await shop.jobsOf('reactivation', customerId)).toEqual([await episodeOf(customerId)])
  await eventually(() => actionsOf(customerId).some(({ type }) => type === 'action.decided'))
  expect(actionsOf(customerId).filter(({ type }) => type === 'action.decided')).toHaveLength(1)
}

async function isWithheld(customerId: string, reason: string): Promise<void> {
  await eventually(() => actionsOf(customerId).length > 0)
  expect(actionsOf(customerId)).toEqual([{ type: 'action.suppressed', reason }])
  expect(await shop.jobsOf('reactivation', customerId)).toEqual([])
}

const isLapsed = (state: CustomerState) => state.decided?.band === 'lapsed'

describe('silence is an event', () => {
  test('a customer whose horizon ends in some seconds lapses then, with no event at all, and is queued', async () => {
    const customerId = customerOn(shop)
    await foldUntil(customerId, (state) => state.consent.marketing !== undefined, consent(customerId, true))
    const purchase = lapsed(customerId, -HOLD_MS)
    const lapsesAt = purchase.event.time + HORIZON
    await foldUntil(customerId, (state) => state.decided !== undefined, purchase)

    const { riskModel } = await openModel()
    const before = (await shop.stateOf(customerId))!
    const { band, evaluatedAt } = before.decided!
    expect(band).not.toBe('lapsed')
    expect(nextBandLook(fold(EMPTY_STATE, purchase.event), band, evaluatedAt, riskModel)).toBe(lapsesAt)
    expect(await (await shop.shardOf(customerId)).appointment(customerId)).toBe(lapsesAt)
    expect(await shop.jobsOf('reactivation', customerId)).toEqual([])

    await isQueuedOnce(customerId)
    const after = (await shop.stateOf(customerId))!
    expect(after.decided).toMatchObject({
      band: 'lapsed',
      enteredAt: lapsesAt,
      disposition: 'queued',
    })
    expect(after.purchases).toEqual(before.purchases)
    const bands = riskChanges
      .filter(({ key }) => key?.toString() === customerId)
      .map(({ value }) => JSON.parse(String(value)).data)
    expect(bands.at(-1)).toMatchObject({
      band: 'lapsed',
      previousBand: band,
      enteredAt: new Date(lapsesAt).toISOString(),
    })
  })
})

describe('held back, and queued when the hold ends', () => {
  test('no consent, until it is given', async () => {
    const customerId = customerOn(shop)
    await foldUntil(customerId, isLapsed, lapsed(customerId))
    await isWithheld(customerId, 'no_consent')
    await shop.send(consent(customerId, true))
    await isQueuedOnce(customerId)
  })

  test('a snooze of some seconds', async () => {
    const customerId = customerOn(shop)
    const until = Date.now() + HOLD_MS
    const snooze = anEvent(
      'action.snoozed',
      { action: 'reactivation', until: new Date(until).toISOString() },
      { customerId, time: Date.now() },
    )
    const ready = ({ consent: said, actions: done }: CustomerState) => !!said.marketing && !!done.reactivation
    await foldUntil(customerId, ready, consent(customerId, true), snooze)
    await foldUntil(customerId, isLapsed, lapsed(customerId))
    await isWithheld(customerId, 'snoozed')
    await isQueuedOnce(customerId)
    expect((await shop.stateOf(customerId))?.decided?.evaluatedAt).toBeGreaterThanOrEqual(until)
  })

  test('a cooldown that ends in some seconds', async () => {
    const customerId = customerOn(shop)
    const delivered = anEvent(
      'action.delivered',
      { action: 'reactivation', episodeId: 'an earlier one', enteredAt: new Date(Date.now() - DAY).toISOString() },
      { customerId, time: Date.now() - COOLDOWN + HOLD_MS },
    )
    const ready = ({ consent: said, actions: done }: CustomerState) => !!said.marketing && !!done.reactivation
    await foldUntil(customerId, ready, consent(customerId, true), delivered)
    await foldUntil(customerId, isLapsed, lapsed(customerId))
    await isWithheld(customerId, 'cooldown')
    await isQueuedOnce(customerId)
    expect((await shop.stateOf(customerId))?.decided?.evaluatedAt).toBeGreaterThanOrEqual(
      delivered.event.time + COOLDOWN,
    )
  })

  test('who lapsed longer ago than the action horizon is recorded and never queued', async () => {
    const customerId = customerOn(shop)
    await foldUntil(customerId, (state) => state.consent.marketing !== undefined, consent(customerId, true))
    await foldUntil(customerId, isLapsed, lapsed(customerId, 8 * DAY))
    expect((await shop.stateOf(customerId))?.decided?.disposition).toBe('recorded')
    const fresh = customerOn(shop, shop.partitionOf(customerId))
    await foldUntil(fresh, (state) => state.consent.marketing !== undefined, consent(fresh, true))
    await foldUntil(fresh, isLapsed, lapsed(fresh))
    await isQueuedOnce(fresh)
    expect(await shop.jobsOf('reactivation', customerId)).toEqual([])
    expect(actionsOf(customerId)).toEqual([])
  })
})

test('erasure leaves nothing behind but the mark that the customer is erased, for good', async () => {
  const customerId = customerOn(shop)
  const shard = await shop.shardOf(customerId)
  const profile = anEvent('profile.updated', { email: 'a@example.com', name: 'A' }, { customerId, time: Date.now() })
  await foldUntil(customerId, isLapsed, profile, lapsed(customerId))
  const placeOnWorklist = () => shop.client.zscore(shard.keys.worklist.lapsed, customerId)
  const stored = async () => ({
    profile: (await shard.profiles([customerId]))[0]?.toString().includes('a@example.com') ?? false,
    timeline: (await readCustomer(shard, customerId))?.timeline.length,
    worklist: (await placeOnWorklist()) !== null,
  })
  await eventually(async () => (await stored()).profile)
  expect(await stored()).toMatchObject({ profile: true, worklist: true })
  expect((await stored()).timeline).toBeGreaterThan(1)

  await foldUntil(customerId, ({ erased }) => erased, anEvent('customer.erased', {}, { customerId, time: Date.now() }))
  expect(await stored()).toEqual({ profile: false, timeline: 0, worklist: false })
  expect((await shard.profiles([customerId]))[0]).toBeNull()
  expect(await shard.appointment(customerId)).toBeUndefined()
  const changes = () => riskChanges.filter(({ key }) => key?.toString() === customerId)
  await eventually(() => changes().at(-1)?.value === null)

  await shop.send(aPurchase({ customerId }), profile)
  const other = customerOn(shop, shop.partitionOf(customerId))
  await foldUntil(other, (state) => state.purchases !== undefined, aPurchase({ customerId: other }))
  expect(await shop.stateOf(customerId)).toMatchObject({ erased: true, purchases: undefined, decided: undefined })
  expect(await stored()).toEqual({ profile: false, timeline: 0, worklist: false })
  expect(changes().at(-1)?.value).toBeNull()
  expect(worker.child.exitCode).toBeNull()
})

/** The model that the worker takes by default. */
async function openModel() {
  const [version] = (await listVersions('models')).slice(-1)
  return openVersion(await loadBackend({ log: testLog }), await readVersion(join('models', version!)))
}
