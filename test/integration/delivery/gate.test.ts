import { formatTime } from '@holdfast/contracts'
import type { CustomerState } from '@holdfast/core'
import { anEvent, aPurchase, type BuiltEvent, eventually } from '@holdfast/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { showWorkersOfFailedTests, type WorkerProcess } from '../risk-worker/support.ts'
import { type DeliveryProcess, type DeliveryStage, openStage } from './support.ts'

showWorkersOfFailedTests()

/** What happens between a decision and its message, and that a job waits for a shard that does not know it yet. */

let stage: DeliveryStage
let risk: WorkerProcess
let delivery: DeliveryProcess | undefined

beforeAll(async () => {
  stage = await openStage()
  risk = stage.risk
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(delivery?.said())
  expect((await delivery?.stop()) ?? 0).toBe(0)
  delivery = undefined
})
afterAll(() => stage?.close())

const isSuppressed = (id: string, reason: string) =>
  eventually(() => expect(stage.outcomesOf(id)).toEqual([{ type: 'action.suppressed', reason }]))

async function ledgerData(id: string) {
  const { enteredAt } = (await stage.shop.stateOf(id))!.decided!
  return { action: 'reactivation', episodeId: await stage.episodeOf(id), enteredAt: formatTime(enteredAt) } as const
}

type Change = { event: BuiltEvent; isThere: (state: CustomerState) => boolean }

const refusals: readonly (readonly [reason: string, change: (customerId: string) => Promise<Change>])[] = [
  [
    'erased',
    async (customerId) => ({
      event: anEvent('customer.erased', {}, { customerId, time: Date.now() }),
      isThere: (state) => state.erased,
    }),
  ],
  [
    'no_consent',
    async (customerId) => ({
      event: anEvent('consent.changed', { purpose: 'marketing', granted: false }, { customerId, time: Date.now() }),
      isThere: (state) => state.consent.marketing?.granted === false,
    }),
  ],
  [
    'answered',
    async (customerId) => ({
      event: anEvent(
        'action.resolved',
        { ...(await ledgerData(customerId)), outcome: 'saved' },
        { customerId, time: Date.now() },
      ),
      isThere: (state) => state.actions.reactivation?.outcome === 'saved',
    }),
  ],
  [
    'already_delivered',
    async (customerId) => ({
      event: anEvent('action.delivered', await ledgerData(customerId), { customerId, time: Date.now() }),
      isThere: (state) => state.actions.reactivation?.delivered === 1,
    }),
  ],
  [
    'no_longer_at_risk',
    async (customerId) => ({
      event: aPurchase({ customerId, time: Date.now() }),
      isThere: (state) => state.purchases?.count === 2 && state.decided?.band !== 'lapsed',
    }),
  ],
]

test('nobody is written to who must not be any more, and the log says why', async () => {
  const withheld: [id: string, reason: string][] = []
  for (const [reason, change] of refusals) {
    const id = await stage.lapsedCustomer()
    const { event, isThere } = await change(id)
    await stage.foldUntil(id, isThere, event)
    withheld.push([id, reason])
  }
  const due = await stage.lapsedCustomer()
  delivery = await stage.startDelivery()
  await eventually(() => expect(stage.takenOf(due)).toHaveLength(1))
  for (const [id, reason] of withheld) {
    await isSuppressed(id, reason)
    expect(stage.receivedOf(id)).toEqual([])
    expect(await delivery.metric('holdfast_deliveries_suppressed_total', { reason })).toBe(1)
  }
  for (const [id, reason] of withheld) {
    if (reason === 'erased') continue
    // What was not delivered may be queued again under its id, which BullMQ would not take while it keeps the job.
    const job = await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id))
    if (reason === 'already_delivered') expect(await job?.isCompleted()).toBe(true)
    else expect(job, reason).toBeUndefined()
  }
})

test('a snooze puts a message off, says so in the log, and leaves it to be sent when the snooze is over', async () => {
  const id = await stage.lapsedCustomer()
  const snooze = async (until: number) =>
    anEvent(
      'action.snoozed',
      { ...(await ledgerData(id)), until: formatTime(until) },
      { customerId: id, time: Date.now() },
    )
  const until = Date.now() + 15_000
  const isSnoozed = (state: CustomerState) => state.actions.reactivation?.snoozedUntil === until
  await stage.foldUntil(id, isSnoozed, await snooze(until))
  delivery = await stage.startDelivery()
  await isSuppressed(id, 'snoozed')
  const job = await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id))
  await eventually(async () => expect(await job?.isDelayed()).toBe(true))
  expect(stage.receivedOf(id)).toEqual([])
  await eventually(() => expect(stage.takenOf(id)).toHaveLength(1), { timeoutMs: 30_000 })
  expect(Date.parse(stage.takenOf(id)[0]!.receivedAt)).toBeGreaterThanOrEqual(until)
})

test('a cooldown that another episode began puts the message off, and coming back meanwhile ends the wait', async () => {
  const id = await stage.lapsedCustomer()
  const other = { ...(await ledgerData(id)), episodeId: 'lapsed.1.x', enteredAt: formatTime(1) }
  const isDelivered = (state: CustomerState) => state.actions.reactivation?.delivered === 1
  await stage.foldUntil(id, isDelivered, anEvent('action.delivered', other, { customerId: id, time: Date.now() }))
  delivery = await stage.startDelivery()
  await isSuppressed(id, 'cooldown')
  const job = await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id))
  await eventually(async () => expect(await job?.isDelayed()).toBe(true))
  const isBack = (state: CustomerState) => state.decided?.band !== 'lapsed'
  await stage.foldUntil(id, isBack, aPurchase({ customerId: id, time: Date.now() }))
  // It would look again within a minute.
  await job?.promote()
  await eventually(async () => expect(await job?.getState()).toBe('unknown'))
  expect(stage.receivedOf(id)).toEqual([])
})

test('the jobs of a shard that is behind wait until it has read the log, and then count what is in it', async () => {
  const changesMind = await stage.lapsedCustomer()
  const due = await stage.lapsedCustomer()
  await risk.stop()
  // In the log, and in no state yet.
  await stage.shop.send(
    anEvent('consent.changed', { purpose: 'marketing', granted: false }, { customerId: changesMind, time: Date.now() }),
    // Behind on the other one's shard too.
    anEvent('engagement.visited', {}, { customerId: due, time: Date.now() }),
  )
  const worker = await stage.startDelivery({ FRESH_WITHIN_MS: '2000' })
  delivery = worker
  const held = () => worker.metric('holdfast_deliveries_held_total', { action: 'reactivation', reason: 'behind' })
  await eventually(async () => (await held()) >= 4)
  expect(stage.receivedOf(changesMind)).toEqual([])
  expect(stage.receivedOf(due)).toEqual([])

  risk = await stage.startRiskWorker()
  await isSuppressed(changesMind, 'no_consent')
  await eventually(() => expect(stage.takenOf(due)).toHaveLength(1), { timeoutMs: 30_000 })
  expect(stage.receivedOf(changesMind)).toEqual([])
})
