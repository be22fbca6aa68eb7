import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { customerView } from '@holdfast/contracts'
import { repositoryRoot } from '@holdfast/local'
import { readCustomer, shardOf } from '@holdfast/platform'
import { aPurchase, BASE_CURRENCY, eventually, kcatProduce } from '@holdfast/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { customerOn, type Installation, install, showWorkersOfFailedTests } from '../integration/risk-worker/support.ts'

/*
 * An event from outside, by another Kafka client: kcat with `topic.partitioner=murmur2_random`, as Java's producers do it. The
 * clock starts when kcat has returned, which it does once the broker has the record.
 */

showWorkersOfFailedTests()

const TIMES = 40
const WITHIN_MS = 1_000

const say = (text: string): boolean => process.stderr.write(`kcat: ${text}\n`)
const ms = (value: number): string => `${Math.round(value)} ms`

let shop: Installation

beforeAll(async () => {
  shop = await install({ partitions: 4 })
  await shop.runWorker()
  // The first event of all also warms the worker up.
  const first = aPurchase({ customerId: customerOn(shop), time: Date.now() - 1_000 })
  await shop.send(first)
  await eventually(async () => (await shop.purchasesOf(first.key)) === 1)
})

afterAll(() => shop?.close())

async function produce(customerId: string): Promise<number> {
  const { json } = aPurchase({ customerId, time: Date.now() - 1_000 })
  await kcatProduce(inject('kafkaBrokers'), shop.topics.purchases, [{ key: customerId, value: json }])
  return performance.now()
}

test('an event from kcat is in what inspect shows within a second, folded and looked at', async () => {
  const took: number[] = []
  for (let i = 0; i < TIMES; i++) {
    const customerId = customerOn(shop, i % shop.partitions)
    const returnedAt = await produce(customerId)
    await eventually(
      async () => {
        const shard = await shop.shard(shardOf(customerId, shop.partitions))
        const customer = await readCustomer(shard, customerId)
        if (customer === undefined) return false
        const { stored, timeline, features } = customerView(customer, Date.now(), { currency: BASE_CURRENCY })
        expect(stored?.band).toBe('healthy')
        expect(timeline.map(({ kind }) => kind)).toContain('purchase.completed')
        const all = features.flatMap((group) => group.features)
        expect(all.find(({ name }) => name === 'logCount')?.value).toBeCloseTo(Math.log1p(1), 6)
        return true
      },
      { timeoutMs: 10_000, everyMs: 2 },
    )
    took.push(performance.now() - returnedAt)
  }
  took.sort((a, b) => a - b)
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? Number.NaN
  say(
    `from kcat's return until inspect's view is right, ${TIMES} events one by one: median ${ms(at(0.5))}, 90th percentile ${ms(at(0.9))}, longest ${ms(at(1))}`,
  )
  expect(at(1)).toBeLessThan(WITHIN_MS)
})

test('the command itself, typed as soon as kcat has returned, shows the event', async () => {
  const main = join(repositoryRoot(), 'services/cli/dist/main.js')
  const env = { ...process.env, ...shop.env }
  for (let i = 0; i < 3; i++) {
    const customerId = customerOn(shop)
    const returnedAt = await produce(customerId)
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'inspect', customerId, '--json'], { env })
    const view = JSON.parse(stdout)
    say(
      `holdfast inspect, started at kcat's return, had printed the event ${ms(performance.now() - returnedAt)} after it`,
    )
    expect(view).toMatchObject({ customer: customerId, stored: { band: 'healthy' } })
    expect(view.timeline.map(({ kind }: { kind: string }) => kind)).toContain('purchase.completed')
  }
})
