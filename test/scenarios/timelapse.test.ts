import { riskChangeSchema } from '@holdfast/contracts'
import { aPurchase, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClockKeeper, keepClock } from '../../services/cli/src/run/clock-keeper.ts'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../integration/risk-worker/support.ts'

/*
 * Customers buy once and fall silent, in the year 2020, thirty days a second. Nothing tells the worker but its appointments, and
 * all that it dates must be dated in their time: the wall clock is years ahead.
 */

showWorkersOfFailedTests()

const DAY_MS = 86_400_000
const RATE = 30 * 86_400
const BEGINS_AT = Date.UTC(2020, 0, 1)
const CUSTOMERS = 40
/** Wall clock. A worker looks every 100 ms; the rest is for a machine that does other things as well. */
const LATE_MS = 2_000

let shop: Installation
let keeper: ClockKeeper
const keep = () => keepClock({ client: shop.client, prefix: shop.prefix, rate: RATE, beginsAt: BEGINS_AT })

beforeAll(async () => {
  shop = await install()
  keeper = await keep()
})
afterAll(async () => {
  await keeper?.stop()
  await shop?.close()
})

test('silence crosses bands at its appointments, jobs follow, and a restart goes on where the clock stopped', async () => {
  const worker = await shop.runWorker()
  const changes = await shop.read('riskChanges')
  const letters = await shop.deadLetters()
  expect(keeper.isNew).toBe(true)
  expect(keeper.clock.now()).toBe(BEGINS_AT)

  const ids = Array.from({ length: CUSTOMERS }, (_, i) => customerOn(shop, i % shop.partitions))
  await shop.send(...ids.map((customerId) => aPurchase({ customerId, time: BEGINS_AT })))
  await eventually(async () =>
    expect(await Promise.all(ids.map((id) => shop.purchasesOf(id)))).toEqual(ids.map(() => 1)),
  )
  expect((await shop.stateOf(ids[0]!))?.decided).toMatchObject({ band: 'healthy', evaluatedAt: BEGINS_AT })

  await keeper.start()
  for (const id of ids) {
    await eventually(async () => expect(await shop.jobsOf('proactive-outreach', id)).toHaveLength(1), {
      timeoutMs: 30_000,
    })
  }
  const late = changes.map(({ value }) => {
    const { time, data } = riskChangeSchema.parse(JSON.parse(String(value)))
    return (Date.parse(String(time)) - Date.parse(String(data.enteredAt))) / RATE
  })
  expect(late.length).toBeGreaterThanOrEqual(2 * CUSTOMERS)
  expect(Math.max(...late)).toBeLessThan(LATE_MS)

  await keeper.stop()
  const stoodAt = keeper.clock.now()
  expect(stoodAt).toBeGreaterThan(BEGINS_AT + 30 * DAY_MS)
  await worker.stop()
  // What comes while everything stands is dated by where the clock stands, however long that lasts.
  await shop.send(aPurchase({ customerId: ids[0]!, time: stoodAt }))
  await shop.send(aPurchase({ customerId: ids[1]!, time: stoodAt + DAY_MS }))

  keeper = await keep()
  expect(keeper.isNew).toBe(false)
  expect(keeper.clock.now()).toBe(stoodAt)
  await shop.runWorker()
  await eventually(async () => expect(await shop.purchasesOf(ids[0]!)).toBe(2))
  await eventually(() => expect(letters()).toHaveLength(1))
  expect(letters()[0]?.reason).toContain('future')
  await keeper.start()
  await eventually(() => expect(keeper.clock.now()).toBeGreaterThan(stoodAt + 10 * DAY_MS))
  // What was taken before the pause is not refused after it.
  expect(letters()).toHaveLength(1)
})

test('a clock that nobody stopped goes on at where its keeper was last seen, never before', async () => {
  const crashed = keeper.clock.now()
  const found = await keep()
  expect(found.clock.now()).toBeGreaterThanOrEqual(crashed)
  expect(found.clock.rate()).toBe(0)
  keeper = found
})
