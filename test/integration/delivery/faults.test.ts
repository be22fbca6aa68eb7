import { eventually } from '@holdfast/testing'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { type DeliveryProcess, type DeliveryStage, openStage, SECRET } from './support.ts'

showWorkersOfFailedTests()

/** What receivers do to us, one after the other, and what becomes of the message. */

const PATH = '/webhooks/marketing'
const ATTEMPTS = 3

let stage: DeliveryStage
let delivery: DeliveryProcess

beforeAll(async () => {
  stage = await openStage()
  delivery = await stage.startDelivery({ DELIVERY_ATTEMPTS: String(ATTEMPTS) })
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(delivery.said())
  await stage.behave()
})
afterAll(() => stage?.close())

const isDelivered = (id: string) =>
  eventually(() => expect(stage.outcomesOf(id)).toEqual([{ type: 'action.delivered', reason: undefined }]))

async function hasFailed(id: string, reason: string): Promise<void> {
  await eventually(() => expect(stage.outcomesOf(id)).toEqual([{ type: 'action.failed', reason }]))
  const job = await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id))
  await eventually(async () => (await job?.isFailed()) === true)
  expect(await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id))).toMatchObject({
    failedReason: expect.stringContaining(reason),
  })
}

/** All attempts were under the one key that the episode has. */
async function oneKey(id: string, attempts: number): Promise<void> {
  const received = stage.receivedOf(id)
  expect(received.map(({ idempotencyKey }) => idempotencyKey)).toEqual(Array(attempts).fill(await stage.episodeOf(id)))
}

test('a webhook arrives signed, and the log and the state know of it', async () => {
  const id = await stage.lapsedCustomer({ name: 'Anna <b>Vogel</b>', locale: 'de-DE' })
  await isDelivered(id)
  const [message, ...more] = stage.receivedOf(id)
  expect(more).toEqual([])
  expect(message).toMatchObject({ outcome: 'taken', verified: true, idempotencyKey: await stage.episodeOf(id) })
  // By the reference library, from the bytes as they came.
  const payload = new Webhook(SECRET).verify(message?.body ?? '', message?.headers ?? {})
  expect(payload).toMatchObject({
    type: 'customer.lapsed',
    data: { customer: { id, name: 'Anna <b>Vogel</b>' }, band: 'lapsed', expectedLoss: { currency: 'EUR' } },
  })
  const forged = (message?.body ?? '').replace('customer.lapsed', 'customer.lapsec')
  expect(() => new Webhook(SECRET).verify(forged, message?.headers ?? {})).toThrow()
  await eventually(async () => (await stage.shop.stateOf(id))?.actions.reactivation?.delivered === 1)
  const page = await (await fetch(stage.receiver.httpUrl)).text()
  expect(page).toContain('signature verified')
  expect(page).not.toContain('<b>Vogel')
})

test.each([
  { kind: 'close', times: 2 },
  { kind: 'close-midway', times: 2 },
  { kind: 'status', status: 500, times: 2 },
  { kind: 'status', status: 503, times: 1 },
  { kind: 'status', status: 408, times: 1 },
  { kind: 'hang', times: 1 },
] as const)('$kind $status, $times times: tried again under the same key until it is taken', async (fault) => {
  await stage.misbehave({ path: PATH, ...fault })
  const id = await stage.lapsedCustomer()
  await isDelivered(id)
  await oneKey(id, fault.times + 1)
  expect(stage.takenOf(id)).toHaveLength(1)
})

test.each([
  [{ kind: 'status', status: 410 }, 'webhook: HTTP 410: the receiver wants no more messages'],
  [{ kind: 'status', status: 400 }, 'webhook: HTTP 400'],
  [{ kind: 'redirect', location: '/webhooks/elsewhere' }, 'webhook: HTTP 307, a redirect, which is not followed'],
] as const)('%o is given up at once, and the job is kept', async (fault, reason) => {
  await stage.misbehave({ path: PATH, ...fault })
  const id = await stage.lapsedCustomer()
  await hasFailed(id, reason)
  await oneKey(id, 1)
})

test('a receiver that never recovers is given up after so many attempts; a person may try the job again', async () => {
  await stage.misbehave({ path: PATH, kind: 'status', status: 502 })
  const id = await stage.lapsedCustomer()
  await hasFailed(id, 'webhook: HTTP 502')
  await oneKey(id, ATTEMPTS)
  expect(await delivery.metric('holdfast_queue_jobs', { state: 'failed' })).toBeGreaterThan(0)

  await stage.behave()
  await (await stage.queues.reactivation.bull.getJob(await stage.episodeOf(id)))?.retry('failed')
  await eventually(() => expect(stage.outcomesOf(id).at(-1)?.type).toBe('action.delivered'))
  await oneKey(id, ATTEMPTS + 1)
})

test('429: not before the receiver wants it, and it costs no attempt', async () => {
  await stage.misbehave({ path: PATH, kind: 'status', status: 429, retryAfter: '1', times: ATTEMPTS })
  const id = await stage.lapsedCustomer()
  await isDelivered(id)
  await oneKey(id, ATTEMPTS + 1)
  const times = stage.receivedOf(id).map(({ receivedAt }) => Date.parse(receivedAt))
  for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(995)
})

test('an answer that got lost: the same message again, under the same key, once in the log', async () => {
  await stage.misbehave({ path: PATH, kind: 'take-and-close', times: 1 })
  const id = await stage.lapsedCustomer()
  await isDelivered(id)
  await oneKey(id, 2)
  expect(stage.takenOf(id)).toHaveLength(2)
})

test('a receiver that hangs on one message blocks no other', async () => {
  await stage.misbehave({ path: PATH, kind: 'hang', times: 1 })
  const stuck = await stage.lapsedCustomer()
  await eventually(() => expect(stage.receivedOf(stuck)).toHaveLength(1))
  const others = await Promise.all([stage.lapsedCustomer(), stage.lapsedCustomer(), stage.lapsedCustomer()])
  for (const id of others) await isDelivered(id)
  await isDelivered(stuck)
})
