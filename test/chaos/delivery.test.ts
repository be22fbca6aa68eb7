import { type CustomerState, NEVER } from '@holdfast/core'
import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { owedContacts } from '../support/compare.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import type { StoredShard } from '../support/shards.ts'
import type { WorkerProcess } from '../support/worker-process.ts'
import { hasty } from './population.ts'
import { contactsInLog, type JobsUnderWay, PostRoom } from './post-room.ts'
import { Scenario } from './scenario.ts'
import { Supply } from './supply.ts'

/*
 * The whole way from an event to somebody's desk, with everything on it dying while messages are under way: risk-worker,
 * delivery-workers, receiver, Redis, broker. Then what the receiver has is compared with whom the log and the oracle say to
 * contact.
 *
 * CHAOS_FULL=1   thirty kills instead of six, and more history
 */

const isFull = process.env.CHAOS_FULL === '1'
const KILLS = isFull ? 30 : 6
const DEBTORS = 1_500
const WAVE = Math.floor(720 / KILLS)
/** Of the shop's history, in each helping. */
const HISTORY = isFull ? 3_000 : 600
const HASTY = 40

const say = (text: string): boolean => process.stderr.write(`chaos: ${text}\n`)
const inWords = ({ waiting, active, delayed, failed }: JobsUnderWay) =>
  `jobs: ${active} in hand, ${waiting} waiting, ${delayed} delayed, ${failed} failed`

type Victim = 'risk-worker' | 'delivery-worker' | 'receiver'
const VICTIMS: readonly Victim[] = ['delivery-worker', 'receiver', 'risk-worker']

const startedAt = Date.now()
let scenario: Scenario
let post: PostRoom
let supply: Supply
let risk: WorkerProcess
let riskWorkers = 0
let receiver: ServiceProcess
let deliveries: [ServiceProcess, ServiceProcess]

const startRisk = () => scenario.startWorker(`risk-worker-${++riskWorkers}`)

/** Waits until so many more were contacted. */
async function untilReached(more: number): Promise<void> {
  const wanted = post.reached().size + more
  await eventually(() => post.reached().size >= wanted, { timeoutMs: 60_000, everyMs: 5 })
}

/** Waits until some messages are in the hands of a delivery-worker. */
async function untilInHand(least = 1): Promise<void> {
  await eventually(async () => (await post.jobs()).active >= least, { timeoutMs: 60_000, everyMs: 2 })
}

/** Freezes delivery-workers, none of others running, at an instant at which messages are in their hands. */
async function caughtInHand(...workers: ServiceProcess[]): Promise<void> {
  const isCaught = async () => {
    for (const worker of workers) worker.freeze()
    if ((await post.jobs()).active > 0) return true
    for (const worker of workers) worker.thaw()
    return false
  }
  await eventually(isCaught, { timeoutMs: 60_000, everyMs: 5 })
}

/** Waits until everything is read, decided and delivered. */
async function settled(): Promise<void> {
  await eventually(
    async () => {
      const { end } = await scenario.drained(30_000)
      const { waiting, active, delayed } = await post.jobs()
      const isDone = waiting + active + delayed === 0 && (await scenario.backlog()).end === end
      if (!isDone) throw new Error(`not settled: ${waiting} waiting, ${active} active, ${delayed} delayed`)
      return true
    },
    { timeoutMs: 120_000, everyMs: 250 },
  )
}

async function killOne(victim: Victim, nth: number): Promise<void> {
  if (victim === 'delivery-worker') await caughtInHand(...deliveries)
  const process = victim === 'receiver' ? receiver : victim === 'risk-worker' ? risk : deliveries[nth % 2 === 0 ? 0 : 1]
  expect(process.endedWith, process.tail()).toBeUndefined()
  await process.kill()
  const [jobs, { unread, outbox }] = await Promise.all([post.jobs(), scenario.backlog()])
  for (const delivery of deliveries) delivery.thaw()
  say(
    `kill ${nth + 1}, ${process.name}: ${inWords(jobs)}; ${unread} records unread, ${outbox} in the outbox; ` +
      `${post.reached().size} reached`,
  )
  expect(process.endedWith).toBe('SIGKILL')
  if (victim === 'delivery-worker') expect(jobs.active).toBeGreaterThan(0)
  if (victim === 'receiver') receiver = await post.startReceiver()
  else if (victim === 'risk-worker') risk = await startRisk()
  else deliveries[nth % 2 === 0 ? 0 : 1] = await post.startDelivery()
}

beforeAll(async () => {
  scenario = await Scenario.start()
  post = await PostRoom.open(scenario)
  supply = new Supply(startedAt, scenario.model, { customers: isFull ? 12_000 : 2_000, owing: DEBTORS })
  receiver = await post.startReceiver()
  risk = await startRisk()
  deliveries = [await post.startDelivery(), await post.startDelivery()]
  await Promise.all([risk.owns(4), ...deliveries.map((delivery) => delivery.isUp())])
  say(`Kafka ${scenario.services.brokers}, Redis ${scenario.services.redisUrl}, files in ${scenario.services.dir}`)
})

afterAll(async () => {
  await post?.stop()
  await scenario?.stop()
})

describe('faults on the way to the receiver', { timeout: isFull ? 900_000 : 240_000 }, () => {
  test(`kill -9 of risk-worker, delivery-workers and receiver, ${KILLS} times`, async () => {
    let order: Victim[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      if (order.length === 0) order = [...VICTIMS].sort(() => Math.random() - 0.5)
      await scenario.feed(supply.next(HISTORY, WAVE))
      await untilReached(Math.floor(WAVE * Math.random() * 0.6))
      await killOne(order.pop() ?? 'receiver', kill)
    }
    await Promise.all([risk.owns(4), ...deliveries.map((delivery) => delivery.isUp())])
  })

  test('Redis killed and started again in the middle of deliveries', async () => {
    await scenario.feed(supply.next(HISTORY, 150))
    await untilReached(20)
    await untilInHand()
    await scenario.services.killRedis()
    say(`Redis killed with ${post.reached().size} reached`)
    await scenario.services.restartRedis()
    say(`Redis is back: ${inWords(await post.jobs())}`)
    await risk.owns(4)
  })

  test('the broker killed and started again in the middle of deliveries', async () => {
    await scenario.feed(supply.next(HISTORY, 150))
    await untilReached(20)
    await scenario.services.killKafka()
    say(`broker killed: ${inWords(await post.jobs())}; ${post.reached().size} reached`)
    await scenario.services.restartKafka()
    await scenario.feed(supply.next(HISTORY, 30))
    await untilReached(20)
  })

  test('Redis put back to before what was delivered: the jobs come again', async () => {
    await settled()
    for (const delivery of deliveries) delivery.freeze()
    await scenario.feed(supply.next(HISTORY, 100))
    await eventually(async () => (await post.jobs()).waiting >= 50, { timeoutMs: 60_000 })
    const copy = await scenario.services.copyRedis()
    const before = new Set(post.arrived().map(({ key }) => key))
    for (const delivery of deliveries) delivery.thaw()
    await untilReached(30)
    await scenario.watch.look()
    await scenario.services.killRedis()
    const since = new Set(post.arrived().flatMap(({ key }) => (before.has(key) ? [] : [key])))
    await scenario.services.restoreRedis(copy)
    say(`older snapshot: ${since.size} were reached after it was taken; ${inWords(await post.jobs())}`)
    await settled()
  })

  test('Redis put back to before what was decided, and the delivery-workers died at it: the log alone knows', async () => {
    const copy = await scenario.services.copyRedis()
    const before = post.reached().size
    await scenario.feed(supply.next(HISTORY, 150))
    await untilReached(40)
    await untilInHand()
    await Promise.all(deliveries.map((delivery) => delivery.kill()))
    await scenario.watch.look()
    say(`older snapshot: ${inWords(await post.jobs())}; ${post.reached().size - before} reached since it was taken`)
    await scenario.services.killRedis()
    await scenario.services.restoreRedis(copy)
    deliveries = [await post.startDelivery(), await post.startDelivery()]
    await settled()
  })

  test('customers who are at risk, buy and are at risk again while they are written to', async () => {
    const steps = Array.from({ length: HASTY }, (_, i) => hasty(i, startedAt))
    for (let from = 0; from < HASTY; from += 10) {
      for (const step of [0, 1, 2])
        await scenario.feed(steps.slice(from, from + 10).flatMap((mine) => mine[step] ?? []))
    }
    await settled()
  })

  test('a delivery-worker frozen beyond its lock, another takes its jobs, and it thaws', async () => {
    const [sleeper, other] = deliveries
    expect(await other.stop()).toBe(0)
    await scenario.feed(supply.next(HISTORY, 150))
    await untilReached(20)
    await caughtInHand(sleeper)
    say(`frozen: ${inWords(await post.jobs())}`)
    const helper = await post.startDelivery()
    deliveries = [sleeper, helper]
    await eventually(() => helper.said('was taken over') > 0, { timeoutMs: 30_000, everyMs: 50 })
    say(`taken over: ${inWords(await post.jobs())}`)
    sleeper.thaw()
    await scenario.feed(supply.next(HISTORY, DEBTORS))
    await settled()
    for (const process of [risk, sleeper, helper, receiver]) expect(process.isRunning, process.name).toBe(true)
    for (const process of [sleeper, helper, risk, receiver]) expect(await process.stop(), process.name).toBe(0)
  })
})

describe('afterwards', { timeout: 240_000 }, () => {
  let shards: StoredShard[]
  let decided: Map<string, Set<number>>
  let told: Map<string, Set<number>>
  /** Idempotency keys by `customer action`. */
  const keys = new Map<string, Set<string>>()

  beforeAll(async () => {
    await scenario.watch.look()
    shards = await scenario.shards()
    const { naive } = await scenario.readLog()
    decided = contactsInLog(naive.events, 'action.decided')
    told = contactsInLog(naive.events, 'action.delivered')
    for (const { contact, key } of post.arrived()) keys.set(contact, (keys.get(contact) ?? new Set()).add(key))
    const arrivals = post.arrived().length
    const different = new Set(post.arrived().map(({ key }) => key)).size
    say(`${post.takenOver()} jobs taken over from delivery-workers that were killed or frozen`)
    say(
      `${naive.records} records, ${decided.size} contacts decided; ${arrivals} messages at the receiver, ` +
        `${different} keys, ${arrivals - different} doubles under a key that had come, ${keys.size} contacts`,
    )
  }, 120_000)

  test('whoever must be contacted is at the receiver', () => {
    const known = supply.owing.filter(({ key }) => key !== '')
    const owed = new Set([...known.map(({ key }) => key), ...owedContacts(shards.map(undelivered), scenario.policy)])
    const missing = [...owed].filter((contact) => !keys.has(contact))
    say(`${owed.size} customers to be contacted (${known.length} made for it), ${missing.length} missing`)
    expect(known.length).toBeGreaterThanOrEqual(1_000)
    expect(missing.slice(0, 10), `${missing.length} missing`).toEqual([])
  })

  test('nobody was contacted, or decided about, under two keys', () => {
    const twice = [...keys, ...decided, ...scenario.watch.episodes]
      .filter(([, episodes]) => episodes.size > 1)
      .map(([contact, episodes]) => `${contact}: ${[...episodes]}`)
    expect(twice.slice(0, 10), `${twice.length} under two keys`).toEqual([])
  })

  test('every message is signed, and its key is the episode that it is about', () => {
    const unsound = post.arrived().filter(({ isSound }) => !isSound)
    expect(unsound.slice(0, 3), `${unsound.length} unsound`).toEqual([])
  })

  test('the log tells of every contact that was made, and of no other', () => {
    const atReceiver = [...keys].flatMap(([contact, ids]) => [...ids].map((id) => `${contact} ${id.split('.')[1]}`))
    const inLog = new Set([...told].flatMap(([contact, episodes]) => [...episodes].map((at) => `${contact} ${at}`)))
    const untold = atReceiver.filter((contact) => !inLog.delete(contact))
    say(
      `${atReceiver.length} contacts, ${untold.length} of which the log does not tell, ${inLog.size} told and not made`,
    )
    expect(untold.slice(0, 10), `${untold.length} untold`).toEqual([])
    expect([...inLog].slice(0, 10), `${inLog.size} not made`).toEqual([])
  })

  test('no job was given up', async () => {
    expect(await post.jobs()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 })
  })
})

/** The shard as if nobody had been contacted yet: so that it says who had to be. */
function undelivered(shard: StoredShard): StoredShard {
  const states = [...shard.states].map(([id, state]): [string, CustomerState] => {
    const actions = Object.entries(state.actions).map(([kind, ledger]) => [kind, { ...ledger, deliveredAt: NEVER }])
    return [id, { ...state, actions: Object.fromEntries(actions) }]
  })
  return { ...shard, states: new Map(states) }
}
