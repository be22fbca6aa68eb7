import { anEvent, aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { customerOn, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type DeliveryStage, HORIZON, openStage } from './support.ts'

showWorkersOfFailedTests()

const CUSTOMERS = 300
const KILLS = 2
const PATH = '/webhooks/marketing'
const payloadSchema = z.object({ data: z.object({ customer: z.object({ id: z.string() }) }) })

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

  const reached = () => new Set(stage.received().flatMap((m) => (m.outcome === 'taken' ? [m.idempotencyKey] : []))).size

  const env = { DELIVERY_CONCURRENCY: '4', JOB_LOCK_MS: '1000', DELIVERY_TIMEOUT_MS: '1000' }
  let [victim] = await Promise.all([stage.startDelivery(env), stage.startDelivery(env)])
  for (let kill = 1; kill <= KILLS; kill++) {
    // Answers get lost, and some never come: so that the victim has messages in hand when it dies.
    await stage.misbehave({ path: PATH, kind: 'take-and-close', times: 10 })
    await eventually(() => reached() >= (CUSTOMERS * kill) / (KILLS + 1), { timeoutMs: 60_000 })
    await stage.misbehave({ path: PATH, kind: 'hang', times: 6 })
    const hanging = () => stage.received().filter(({ outcome }) => outcome === 'fault').length
    const before = hanging()
    await eventually(() => hanging() >= before + 6 || reached() === CUSTOMERS)
    await victim.kill()
    victim = await stage.startDelivery(env)
  }
  await stage.behave()

  await eventually(
    async () => {
      const left = await bull.getJobCounts('waiting', 'active', 'delayed', 'failed', 'completed')
      return expect(left).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, completed: CUSTOMERS })
    },
    { timeoutMs: 120_000 },
  )
  const keys = new Map<string, string[]>(ids.map((id) => [id, []]))
  for (const { body, idempotencyKey = '' } of stage.received()) {
    const { data } = payloadSchema.parse(JSON.parse(body ?? ''))
    keys.get(data.customer.id)?.push(idempotencyKey)
  }
  for (const [id, used] of keys) {
    expect([...new Set(used)]).toEqual([await stage.episodeOf(id)])
    expect(stage.outcomesOf(id).map(({ type }) => type)).toContain('action.delivered')
    expect(new Set(stage.outcomesOf(id).map(({ type }) => type)).size).toBe(1)
  }
  expect(reached()).toBe(CUSTOMERS)
  // Answers were lost and workers were killed, so that some got their message twice: under one key, as it says above.
  expect(stage.received().filter(({ outcome }) => outcome === 'taken').length).toBeGreaterThan(CUSTOMERS)
}, 300_000)
