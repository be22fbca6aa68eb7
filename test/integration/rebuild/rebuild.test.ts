import type { RiskModel } from '@holdfast/core'
import { FIRST_GENERATION } from '@holdfast/platform'
import { aPurchase, eventually, testKafka } from '@holdfast/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import {
  customerOn,
  type Installation,
  install,
  showWorkersOfFailedTests,
  type WorkerProcess,
} from '../risk-worker/support.ts'
import {
  championOf,
  contacts,
  type Draft,
  draftsOf,
  drained,
  expectTrue,
  generationsOf,
  partitionsOf,
  runRebuild,
  send,
  stays,
  take,
} from './shop.ts'

/*
 * One installation with a worker process of its own that is rebuilt again and again: while events flow, while nothing happens,
 * with something unsent, by two at once. After each, everything stored is compared with what the log says.
 */

showWorkersOfFailedTests()

const say = (text: string): boolean => process.stderr.write(`rebuild: ${text}\n`)

let shop: Installation
let worker: WorkerProcess
let model: RiskModel
let drafts: Iterator<Draft>

beforeAll(async () => {
  model = await championOf()
  shop = await install({ partitions: 4, env: { KAFKA_FETCH_BYTES: '262144' } })
  worker = await shop.runWorker()
  drafts = draftsOf(shop, 600)
  await send(shop, take(drafts, 12_000))
  await drained(shop)
})

afterAll(() => shop?.close())

/** Sends events until told otherwise; answers how many. */
function flow() {
  const state = { sent: 0, stopped: false }
  const running = (async () => {
    while (!state.stopped) {
      state.sent += await send(shop, take(drafts, 20))
    }
  })()
  return {
    sent: () => state.sent,
    async stop() {
      state.stopped = true
      await running
    },
  }
}

async function generationsNow(): Promise<string[]> {
  return Promise.all(partitionsOf(shop).map(async (partition) => (await shop.shard(partition)).generation))
}

async function expectOnly(generation: string): Promise<void> {
  expect(new Set(await generationsNow())).toEqual(new Set([generation]))
  for (const partition of partitionsOf(shop)) expect(await generationsOf(shop, partition)).toEqual([generation])
}

/** A new event reaches the state of the customer, through the same process as before. */
async function expectGoesOn(): Promise<void> {
  for (const partition of partitionsOf(shop)) {
    const customerId = customerOn(shop, partition)
    await shop.send(aPurchase({ customerId, time: Date.now() - 1_000 }))
    await eventually(async () => (await shop.purchasesOf(customerId)) === 1)
  }
  expect(worker.hasEnded()).toBe(false)
}

test('while events flow: nothing is lost or counted twice, and the worker goes on with the new generation', async () => {
  expect(new Set(await generationsNow())).toEqual(new Set([FIRST_GENERATION]))
  const flowing = flow()
  await eventually(() => flowing.sent() > 200)
  const before = flowing.sent()
  const report = await runRebuild(shop)
  const meanwhile = flowing.sent() - before
  // The flow goes on over the switch, so that the worker has to find its place in the new generation under way.
  await eventually(() => flowing.sent() > before + meanwhile + 200)
  await flowing.stop()
  expect(meanwhile).toBeGreaterThan(100)
  await drained(shop)
  await expectOnly(report.generation)
  const compared = await expectTrue(shop, model)
  expect(compared.customers).toBeGreaterThan(300)
  expect(compared.copies).toBeGreaterThan(100)
  say(`${JSON.stringify(report)}; ${meanwhile} events sent meanwhile; compared ${JSON.stringify(compared)}`)
  await expectGoesOn()
})

test('a rebuild carries over who is in which band since when, so nobody is contacted for the same stay once more', async () => {
  const before = await contacts(shop)
  const staysBefore = await stays(shop)
  const { generation } = await runRebuild(shop)
  await drained(shop)
  await expectOnly(generation)
  const { count, twice } = await contacts(shop)
  say(`${before.count} contacts queued before, ${count} after`)
  expect(count).toBeGreaterThan(0)
  expect(count).toBe(before.count)
  expect(twice).toEqual([])
  expect(staysBefore.size).toBeGreaterThan(300)
  expect(await stays(shop)).toEqual(staysBefore)
})

test('an idle worker notices by itself, and looks at everybody of the new generation', async () => {
  const { generation } = await runRebuild(shop)
  const turnedAt = performance.now()
  await drained(shop)
  say(
    `an idle worker had claimed the new generation and looked at everybody ${Math.round(performance.now() - turnedAt)} ms after the rebuild`,
  )
  expect(worker.hasEnded()).toBe(false)
  await expectOnly(generation)
  await expectTrue(shop, model)
  await expectGoesOn()
})

test('what the old generation had not sent is sent by the new one, in its order', async () => {
  const deadLetters = await shop.deadLetters()
  const admin = testKafka(inject('kafkaBrokers')).admin()
  await admin.connect()
  const limit = (bytes: number) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: 2,
          name: shop.topics.deadLetters,
          configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
        },
      ],
    })
  const key = customerOn(shop, 1)
  const values = ['first', 'second', 'third'].map((word) => `{"no": "event", "but": "the ${word} of ${key}"`)
  const mine = () => deadLetters().filter((letter) => String(letter.key) === key)
  const unsent = async () => (await shop.shard(1)).outboxLength()
  try {
    // The topic of dead letters takes nothing, so they stay in the outbox.
    await limit(1)
    await shop.produce('purchases', ...values.map((value) => ({ key, value })))
    await eventually(async () => (await unsent()) >= 3)
    const [old] = await generationsNow()
    const { generation } = await runRebuild(shop)
    expect(generation).not.toBe(old)
    expect(await unsent()).toBeGreaterThanOrEqual(3)
    expect(mine()).toEqual([])
    await limit(4_194_304)
    await drained(shop)
    await eventually(() => mine().length >= 3)
    // Who sends again after a broken-off attempt may repeat, never reorder or forget.
    expect([...new Set(mine().map(({ value }) => String(value)))]).toEqual(values)
    await expectOnly(generation)
  } finally {
    await limit(4_194_304)
    await admin.disconnect()
  }
  await expectTrue(shop, model)
})

test('two rebuilds at once: whoever was slower is told so, and nothing is damaged', async () => {
  const flowing = flow()
  await eventually(() => flowing.sent() > 100)
  const outcomes = await Promise.allSettled([runRebuild(shop), runRebuild(shop)])
  await flowing.stop()
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason)
  const done = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value)
  for (const reason of failed) expect(['REBUILD_OVERTAKEN', 'GENERATION_NOT_FRESH']).toContain(reason.code)
  // Begun in the same millisecond they would share a name, and the second stops at once. Else each shard went with one of the
  // two; both may have been quicker at some of them.
  expect(failed.length).toBeGreaterThan(0)
  const shares = new Map<string, number>()
  for (const generation of await generationsNow()) shares.set(generation, (shares.get(generation) ?? 0) + 1)
  say(
    `${done.length} of two rebuilds went through, ${failed.length} overtaken; shards by generation ${JSON.stringify([...shares])}`,
  )
  await drained(shop)
  await expectTrue(shop, model)
  const kept = await Promise.all(partitionsOf(shop).map((partition) => generationsOf(shop, partition)))
  say(`generations whose keys are still there, by shard: ${JSON.stringify(kept)}`)
  await expectGoesOn()

  // The next one, alone, is not hindered by what the two left.
  const { generation } = await runRebuild(shop)
  await drained(shop)
  expect(new Set(await generationsNow())).toEqual(new Set([generation]))
  await expectTrue(shop, model)
  expect((await contacts(shop)).twice).toEqual([])
})
