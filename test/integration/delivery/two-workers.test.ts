import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { customerOn, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type DeliveryStage, HORIZON, openStage } from './support.ts'

showWorkersOfFailedTests()

const CUSTOMERS = 300
const KILLS = 3

let stage: DeliveryStage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('two workers, one of them killed again and again: nobody is missing, and nobody is written to under two keys', async () => {
  const ids = Array.from({ length: CUSTOMERS }, () => customerOn(stage.shop))
  await stage.shop.send(
    ...ids.map((customerId) =>
      anEvent('consent.changed', { purpose: 'marketing', granted: true }, { customerId, time: Date.now() }),
    ),
  )
  await eventually(async () => (await stage.shop.stateOf(ids.at(-1)!)) !== undefined)
  await stage.shop.send(...ids.map((customerId) => aPurchase({ customerId, time: Date.now() - HORIZON - 60_000 })))
  const { bull } = stage.queues.reactivation
  await eventually(async () => (await bull.getJobCounts('waiting')).waiting === CUSTOMERS, { timeoutMs: 60_000 })

  const env = { DELIVERY_CONCURRENCY: '8', JOB_LOCK_MS: '1000' }
  let [victim] = await Promise.all([stage.startDelivery(env), stage.startDelivery(env)])
  for (let kill = 1; kill <= KILLS; kill++) {
    // Answers get lost, and some never come: so that the victim has messages in hand when it dies.
    await stage.misbehave({ path: '/webhooks/marketing', kind: 'take-and-close', times: 10 })
    const before = ids.reduce((sum, id) => sum + stage.takenOf(id).length, 0)
    await eventually(
      () => ids.reduce((sum, id) => sum + stage.takenOf(id).length, 0) >= Math.min(CUSTOMERS - 50, before + 20),
    )
    await stage.misbehave({ path: '/webhooks/marketing', kind: 'hang', times: 8 })
    await eventually(async () => (await bull.getJobCounts('active')).active !== 0)
    await victim.kill()
    victim = await stage.startDelivery(env)
  }
  await stage.behave()

  await eventually(
    async () => {
      const left = await bull.getJobCounts('waiting', 'active', 'delayed', 'failed', 'completed')
      expect(left).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, completed: CUSTOMERS })
    },
    { timeoutMs: 60_000 },
  )
  for (const id of ids) {
    const keys = new Set(stage.receivedOf(id).map(({ idempotencyKey }) => idempotencyKey))
    expect([...keys]).toEqual([await stage.episodeOf(id)])
    expect(stage.takenOf(id).length).toBeGreaterThan(0)
    expect(new Set(stage.outcomesOf(id).map(({ type }) => type))).toEqual(new Set(['action.delivered']))
  }
  // A message in hand at a kill came once more, and only then or when its answer was lost.
  const extra = ids.reduce((sum, id) => sum + stage.takenOf(id).length - 1, 0)
  expect(extra).toBeGreaterThan(0)
})
