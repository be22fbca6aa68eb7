import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { customerOn, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type DeliveryStage, HORIZON, openStage } from './support.ts'

showWorkersOfFailedTests()

const CUSTOMERS = 60
const ATTEMPTS = 5

let stage: DeliveryStage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('a receiver that is away costs its jobs next to no attempts, and all of them arrive when it is back', async () => {
  await stage.stopReceiver()
  const delivery = await stage.startDelivery({ DELIVERY_ATTEMPTS: String(ATTEMPTS), DELIVERY_BACKOFF_MS: '500' })
  const ids = Array.from({ length: CUSTOMERS }, () => customerOn(stage.shop))
  const consent = { purpose: 'marketing', granted: true } as const
  await stage.shop.send(
    ...ids.map((customerId) => anEvent('consent.changed', consent, { customerId, time: Date.now() })),
  )
  await eventually(async () => (await Promise.all(ids.map((id) => stage.shop.stateOf(id)))).every(Boolean))
  await stage.shop.send(...ids.map((customerId) => aPurchase({ customerId, time: Date.now() - HORIZON - 60_000 })))

  const { bull } = stage.queues.reactivation
  const retries = () => delivery.metric('holdfast_delivery_attempts_total', { outcome: 'retry' })
  await eventually(async () => (await bull.getJobCounts('delayed')).delayed === CUSTOMERS)
  await eventually(async () => (await delivery.metric('holdfast_channel_resting')) === 1)
  // One job after the other finds out whether it is back.
  const before = await retries()
  await eventually(async () => (await retries()) > before + 1)
  expect(await retries()).toBeLessThan(CUSTOMERS)

  await stage.restartReceiver()
  await eventually(
    async () => expect(await bull.getJobCounts('completed', 'failed')).toEqual({ completed: CUSTOMERS, failed: 0 }),
    {
      timeoutMs: 60_000,
    },
  )
  for (const id of ids)
    expect(stage.takenOf(id).map(({ idempotencyKey }) => idempotencyKey)).toEqual([await stage.episodeOf(id)])
  expect(await delivery.metric('holdfast_channel_resting')).toBe(0)
})
