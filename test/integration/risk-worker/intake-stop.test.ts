import { aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  customerOn,
  type DeadLetter,
  type Installation,
  install,
  metric,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from './support.ts'

showWorkersOfFailedTests()

/** A producer's bad deploy: intake stops before anything is put aside, stays stopped over restarts, and goes on when told to. */

const WINDOW = 200

let shop: Installation
let worker: WorkerProcess
let deadLetters: () => readonly DeadLetter[]

beforeAll(async () => {
  shop = await install({ env: { INVALID_WINDOW: String(WINDOW) } })
  worker = await shop.runWorker()
  deadLetters = await shop.deadLetters()
})

afterAll(async () => {
  await shop?.close()
})

const bad = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: customerOn(shop, 0), value: `bad ${i}` }))

async function sendGood(count: number): Promise<void> {
  const customerId = customerOn(shop, 0)
  await shop.send(...Array.from({ length: count }, () => aPurchase({ customerId })))
  await eventually(async () => (await shop.purchasesOf(customerId)) === count)
}

async function isStopped(): Promise<void> {
  await eventually(async () => (await worker.probe('readyz')).status === 503)
  expect(await metric(worker, 'holdfast_intake_stopped')).toBe(1)
  const { text } = await worker.probe('readyz')
  expect(JSON.parse(text)).toMatchObject({ detail: { intakeStopped: true } })
  await eventually(async () => (await shop.client.get(shop.intakeStoppedKey)) !== null)
}

test('few bad ones go to the dead letters', async () => {
  await sendGood(WINDOW)
  await shop.produce('purchases', ...bad(20))
  await eventually(() => deadLetters().length === 20)
  expect((await worker.probe('readyz')).status).toBe(200)
})

test('when most of the newest records are bad, intake stops, and nothing of them is put aside', async () => {
  await shop.produce('purchases', ...bad(300))
  await isStopped()
  const reason = await shop.client.get(shop.intakeStoppedKey)
  expect(reason).toContain(`more than half of the newest ${WINDOW} records are invalid`)
  const told = worker.log.find(({ msg }) => msg?.includes('intake is stopped'))
  expect(told).toMatchObject({ level: 'fatal', cure: expect.stringContaining('holdfast dlq resume') })
  expect((await worker.probe('healthz')).status).toBe(200)
})

test('a restart does not lift the stop', async () => {
  const waiting = customerOn(shop, 1)
  await shop.send(aPurchase({ customerId: waiting }))
  expect(await worker.stop()).toBe(0)
  worker = shop.startWorker()
  await worker.running()
  await eventually(() => worker.log.some(({ msg }) => msg === 'shards are ours'))
  await isStopped()
  await eventually(async () => (await metric(worker, 'holdfast_lag_records', { partition: '1' })) === 1)
  expect(await shop.stateOf(waiting)).toBeUndefined()
  expect(deadLetters()).toHaveLength(20)

  await shop.client.del(shop.intakeStoppedKey)
  await eventually(async () => (await shop.purchasesOf(waiting)) === 1)
  await eventually(() => deadLetters().length === 320)
  await eventually(async () => (await worker.probe('readyz')).status === 200)
})

test('a second stop, once most of a window was good again', async () => {
  await sendGood(WINDOW)
  await shop.produce('purchases', ...bad(WINDOW))
  await isStopped()
  expect(deadLetters()).toHaveLength(320)
  await shop.client.del(shop.intakeStoppedKey)
  await eventually(() => deadLetters().length === 320 + WINDOW)
  await sendGood(1)
})
