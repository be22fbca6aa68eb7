import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManifestValue } from '@holdfast/contracts'
import { PurchaseDays, predictedValue, VALUATION_ERROR } from '@holdfast/core'
import { aPurchase, type BuiltEvent, eventually } from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../risk-worker/support.ts'
import { makeModel } from './make-model.ts'

showWorkersOfFailedTests()

/** What is at stake goes by the champion: two models that fear for everybody alike, with and without customers' value. */

const DAY = 86_400_000
/** A shop whose customers hardly ever leave, so that who was silent for long has left. */
const VALUE: ManifestValue = {
  horizonDays: 365,
  yearlyDiscount: 0.1,
  bgNbd: { r: 0.8, alpha: 5, a: 0.6, b: 3 },
  gammaGamma: { p: 6, q: 3.5, gamma: 60 },
  fittedAt: '2026-01-01T00:00:00Z',
  customers: 1_000,
  repeatCustomers: 600,
}
const ALIKE = { weight: () => 0, bias: 12 }
/** Days since each purchase, and what each cost: nobody has been away for the horizon, and most are worth another order then. */
const LIVES: readonly (readonly [agos: readonly number[], euros: number])[] = [
  [Array.from({ length: 12 }, (_, i) => 80 + 5 * i), 150],
  [Array.from({ length: 9 }, (_, i) => 70 + 7 * i), 90],
  [Array.from({ length: 8 }, (_, i) => 4 + 40 * i), 60],
  [[2, 62, 118, 190, 240, 300], 95],
  [[6], 400],
  [[75], 130],
  [[20, 21, 21.2, 21.4], 35],
  [[1, 15, 29, 43], 20],
]

let dir: string
let shop: Installation
let customers: Map<string, readonly BuiltEvent[]>

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-stake-'))
  await makeModel(dir, 'v1', { ...ALIKE, manifest: { value: undefined } })
  shop = await install({ partitions: 1, env: { MODELS_DIR: dir } })
  await shop.runWorker()
  await makeModel(dir, 'v2', { ...ALIKE, manifest: { value: VALUE } })
  const now = Date.now()
  customers = new Map(
    LIVES.map(([agos, euros]) => {
      const customerId = customerOn(shop)
      const events = agos.map((ago) => aPurchase({ customerId, time: now - ago * DAY, amount: `${euros}.00` }))
      return [customerId, events]
    }),
  )
  await shop.send(...[...customers.values()].flat())
  await eventually(async () => (await atRisk()).length === LIVES.length)
})
afterAll(async () => {
  await shop?.close()
  rmSync(dir, { recursive: true, force: true })
})

/** The worklist, highest priority first. */
async function atRisk(): Promise<{ id: string; priority: number }[]> {
  const { keys } = await shop.shard(0)
  const flat = await shop.client.zrevrange(keys.worklist.at_risk, 0, -1, 'WITHSCORES')
  return flat.flatMap((id, i) => (i % 2 === 0 ? [{ id, priority: Number(flat[i + 1]) }] : []))
}

/** What is expected to be lost with a customer whom nobody doubts to churn, straight from the formulas, minor units. */
function stake(id: string, at: number): number {
  const days = new PurchaseDays()
  for (const { event } of customers.get(id)!) {
    if (event.type === 'purchase.completed') days.add(event.time, event.amountMinor)
  }
  const { bgNbd: buying, gammaGamma: spending, yearlyDiscount } = VALUE
  const history = { ...days.history(at)!, spend: days.amounts(at) }
  return 100 * predictedValue({ buying, spending }, history, { weeks: 365 / 7, yearlyDiscount })
}

const byStake = () =>
  [...customers.keys()]
    .map((id) => ({ id, stake: stake(id, Date.now()) }))
    .sort((one, other) => other.stake - one.stake)
    .map(({ id }) => id)

test('the order of the at-risk list follows the predictive CLV of the model that is promoted, and goes back with it', async () => {
  const before = (await atRisk()).map(({ id }) => id)
  // By net spend at their own pace, whoever bought most stands first, though long gone.
  expect(before[0]).toBe([...customers.keys()][0])
  expect(before).not.toEqual(byStake())

  expect((await cli(['models', 'promote', 'v2', '--force'], shop.env)).code).toBe(0)
  await eventually(async () => JSON.stringify((await atRisk()).map(({ id }) => id)) === JSON.stringify(byStake()), {
    timeoutMs: 30_000,
  })
  const listed = await atRisk()
  for (const { id, priority } of listed) {
    const { probability, expectedLossMinor } = (await shop.stateOf(id))!.decided!
    expect(priority).toBe(expectedLossMinor)
    const wanted = stake(id, (await shop.stateOf(id))!.decided!.evaluatedAt)
    expect(Math.abs(priority - probability * wanted)).toBeLessThanOrEqual(1 + VALUATION_ERROR * wanted)
  }

  expect((await cli(['models', 'rollback'], shop.env)).code).toBe(0)
  await eventually(async () => JSON.stringify((await atRisk()).map(({ id }) => id)) === JSON.stringify(before), {
    timeoutMs: 30_000,
  })
})

test('what leaves for others tells the same expected loss', async () => {
  const changes = await shop.read('riskChanges')
  expect((await cli(['models', 'promote', 'v2', '--force'], shop.env)).code).toBe(0)
  await eventually(async () => (await atRisk())[0]?.id === byStake()[0], { timeoutMs: 30_000 })
  const id = customerOn(shop)
  const sale = aPurchase({ customerId: id, time: Date.now() - 2 * DAY, amount: '250.00' })
  customers.set(id, [sale])
  await shop.send(sale)
  await eventually(() => changes.some(({ key }) => key?.toString() === id))
  const change = JSON.parse(String(changes.find(({ key }) => key?.toString() === id)!.value))
  expect(change.data).toMatchObject({ band: 'at_risk', modelVersion: 'v2' })
  expect(change.data.expectedLossMinor).toBe((await shop.stateOf(id))!.decided!.expectedLossMinor)
  const wanted = stake(id, Date.now())
  expect(Math.abs(change.data.expectedLossMinor - wanted)).toBeLessThanOrEqual(1 + (1e-4 + VALUATION_ERROR) * wanted)
})
