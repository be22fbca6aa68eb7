import { HEADERS } from '@holdfast/contracts'
import { eventually } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  counterDifferences,
  decidedDifferences,
  foldedDifferences,
  listDifferences,
  owedContacts,
} from '../support/compare.ts'
import { contactKey, waitingJobs } from '../support/job-watch.ts'
import type { StoredShard } from '../support/shards.ts'
import type { LogRecord, NaiveLog } from '../support/whole-log.ts'
import type { WorkerProcess } from '../support/worker-process.ts'
import { type Draft, hasty } from './population.ts'
import { Scenario } from './scenario.ts'
import { Supply } from './supply.ts'

/*
 * One installation that everything goes wrong with, one thing after the other, while events arrive and people are to be
 * contacted; then what is left is compared with what the log says.
 *
 * CHAOS_FULL=1   twenty kills instead of four, and more history
 */

const isFull = process.env.CHAOS_FULL === '1'
const KILLS = isFull ? 20 : 4
/** Records that a kill finds before it. */
const PER_KILL = isFull ? 12_000 : 10_000
const DEBTORS = 1_500
const HASTY = 60

const say = (text: string): boolean => process.stderr.write(`chaos: ${text}\n`)

let scenario: Scenario
let supply: Supply
let worker: WorkerProcess
let workersStarted = 0
const startedAt = Date.now()

const next = (records: number, withDebtors: number): Draft[] => supply.next(records, withDebtors)
const startWorker = () => scenario.startWorker(`worker-${++workersStarted}`)

/** Waits until the worker has read so much of the backlog that was there, 0 to 1. */
async function untilRead(share: number): Promise<void> {
  const { unread } = await scenario.backlog()
  await eventually(async () => (await scenario.backlog()).unread <= unread * (1 - share), {
    timeoutMs: 60_000,
    everyMs: 5,
  })
}

beforeAll(async () => {
  scenario = await Scenario.start()
  supply = new Supply(startedAt, scenario.model, { customers: isFull ? 25_000 : 6_000, owing: DEBTORS })
  say(`Kafka ${scenario.services.brokers}, Redis ${scenario.services.redisUrl}, files in ${scenario.services.dir}`)
})

afterAll(async () => {
  await scenario?.stop()
})

describe('faults', { timeout: isFull ? 900_000 : 240_000 }, () => {
  test(`kill -9 in the middle of a backlog, ${KILLS} times`, async () => {
    await scenario.feed(next(PER_KILL, 50))
    for (let kill = 1; kill <= KILLS; kill++) {
      await scenario.feed(next(PER_KILL, Math.ceil(500 / KILLS)))
      worker = await startWorker()
      await worker.owns(4)
      const share = Math.random() * 0.8
      await untilRead(share)
      await worker.kill()
      const { stored, end, unread, overdue, outbox } = await scenario.backlog()
      say(
        `kill ${kill}: stored offset ${stored}, log end ${end}, ${unread} unread, ${overdue} not yet looked at, ${outbox} still to leave`,
      )
      expect(unread).toBeGreaterThan(0)
      expect(worker.endedWith).toBe('SIGKILL')
    }
    worker = await startWorker()
    await worker.owns(4)
  })

  test('Redis killed and started again while the worker runs', async () => {
    for (const share of [0, Math.random() * 0.6]) {
      await scenario.feed(next(3_000, 100))
      await untilRead(share)
      await scenario.watch.look()
      await scenario.services.killRedis()
      await eventually(async () => (await worker.readiness())?.redis === false, { timeoutMs: 20_000 })
      await scenario.services.restartRedis()
      await worker.owns(4)
    }
    await scenario.drained()
  })

  test('the broker killed and started again while the worker runs', async () => {
    await scenario.feed(next(3_000, 150))
    await untilRead(Math.random() * 0.6)
    await scenario.services.killKafka()
    await scenario.services.restartKafka()
    await scenario.feed(next(1_000, 50))
    await scenario.drained()
  })

  test('Redis put back to an older snapshot while the worker runs', async () => {
    await scenario.feed(next(3_000, 150))
    await untilRead(Math.random() * 0.7)
    const copy = await scenario.services.copyRedis()
    const then = await scenario.backlog()
    await scenario.feed(next(1_500, 100))
    await untilRead(Math.random())
    await scenario.watch.look()
    const before = await scenario.backlog()
    await scenario.services.killRedis()
    await scenario.services.restoreRedis(copy)
    const after = await scenario.backlog()
    say(
      `snapshot: taken at offset ${then.stored}, stored offset ${before.stored} before and ${after.stored} after restoring it`,
    )
    expect(after.stored).toBeLessThan(before.stored)
    await scenario.drained()
  })

  test('Redis put back to an older snapshot while the worker has nothing to do', async () => {
    const copy = await scenario.services.copyRedis()
    await scenario.feed(next(1_500, 100))
    const before = await scenario.drained()
    await scenario.watch.look()
    await scenario.services.killRedis()
    await scenario.services.restoreRedis(copy)
    say(`snapshot: ${before.stored - (await scenario.backlog()).stored} records to be read again by an idle worker`)
    await scenario.drained()
    expect(worker.isRunning).toBe(true)
  })

  test('Redis put back to an older snapshot while no worker runs', async () => {
    const copy = await scenario.services.copyRedis()
    await scenario.feed(next(2_000, 150))
    await untilRead(0.5 + Math.random() * 0.5)
    await scenario.watch.look()
    await worker.kill()
    await scenario.services.killRedis()
    await scenario.services.restoreRedis(copy)
    worker = await startWorker()
    await scenario.drained()
  })

  test('customers who are at risk, buy and are at risk again within moments', async () => {
    const steps = Array.from({ length: HASTY }, (_, i) => hasty(i, startedAt))
    for (let from = 0; from < HASTY; from += 10) {
      for (const step of [0, 1, 2])
        await scenario.feed(steps.slice(from, from + 10).flatMap((mine) => mine[step] ?? []))
    }
    await scenario.drained()
  })

  test('the worker frozen past its session, another takes over, and it thaws', async () => {
    await scenario.feed(next(4_000, 150))
    await untilRead(Math.random() * 0.6)
    worker.freeze()
    const second = await startWorker()
    await second.owns(4)
    await scenario.feed(next(2_000, 150))
    await untilRead(Math.random() * 0.6)
    worker.thaw()
    await Promise.all([worker.owns(2), second.owns(2)])
    await scenario.feed(next(1_000, 50))
    expect(await second.stop()).toBe(0)
    await worker.owns(4)
    await scenario.feed(next(500, DEBTORS))
    await scenario.drained()
    expect(worker.isRunning).toBe(true)
    expect(await worker.stop()).toBe(0)
  })
})

describe('afterwards', { timeout: 240_000 }, () => {
  let shards: StoredShard[]
  let records: LogRecord[]
  let log: NaiveLog

  beforeAll(async () => {
    await scenario.watch.look()
    shards = await scenario.shards()
    const read = await scenario.readLog()
    records = read.records
    log = read.naive
    const customers = shards.reduce((sum, { states }) => sum + states.size, 0)
    say(
      `${log.records} records in, ${log.copies} copies to the right partition, ${log.invalid.size} invalid, ${customers} customers`,
    )
  }, 120_000)

  test('all is read, looked at and sent', async () => {
    expect(await scenario.backlog()).toMatchObject({ unread: 0, outbox: 0 })
  })

  test('the folded half of every state is the naive recompute over the log', () => {
    const differences = foldedDifferences(shards, log.events)
    expect(differences.slice(0, 10), `${differences.length} differences`).toEqual([])
    expect(log.events.size).toBeGreaterThan(DEBTORS)
  })

  test('the decided half is what the oracle evaluates from the same band before, at the same instant', () => {
    const count = { compared: 0, onTheLine: 0, entries: 0 }
    const differences = decidedDifferences(shards, scenario.model, count)
    say(`${count.compared} evaluations compared, ${count.entries} with an entry, ${count.onTheLine} on the line`)
    expect(differences.slice(0, 10), `${differences.length} differences`).toEqual([])
  })

  test('every aggregate is the recount from the states', () => {
    expect(counterDifferences(shards)).toEqual([])
  })

  test('worklists and appointments agree with the states', () => {
    const differences = listDifferences(shards, scenario.model)
    expect(differences.slice(0, 10), `${differences.length} differences`).toEqual([])
  })

  test('whoever must be contacted is queued, under one episode', async () => {
    const queued = await waitingJobs(scenario.redisClient)
    const known = supply.owing.filter(({ key }) => key !== '')
    const owed = new Set([...known.map(({ key }) => key), ...owedContacts(shards, scenario.policy)])
    const missing = [...owed].filter((key) => !queued.has(key))
    const decided = new Map<string, Set<string>>()
    for (const [customerId, events] of log.events) {
      for (const event of events) {
        if (event.type !== 'action.decided') continue
        const key = contactKey(customerId, event.action)
        decided.set(key, (decided.get(key) ?? new Set()).add(String(event.enteredAt)))
      }
    }
    const twice = [...scenario.watch.episodes, ...queued, ...decided]
      .filter(([, episodes]) => episodes.size > 1)
      .map(([key, episodes]) => `${key}: ${[...episodes]}`)
    say(
      `${owed.size} customers to be contacted (${known.length} made for it), ${queued.size} queued, ` +
        `${missing.length} missing, ${twice.length} under two episodes, ${scenario.watch.episodes.size} ever seen in a queue`,
    )
    expect(known.length).toBeGreaterThanOrEqual(1_000)
    expect(missing.slice(0, 10), `${missing.length} missing`).toEqual([])
    expect(twice.slice(0, 10), `${twice.length} under two episodes`).toEqual([])
  })

  test('every invalid record is a dead letter, byte for byte', () => {
    const left = new Map(log.invalid)
    for (const { topic, headers, value } of records) {
      if (topic !== scenario.topics.deadLetters) continue
      const origin = [HEADERS.originTopic, HEADERS.originPartition, HEADERS.originOffset].map((name) => headers[name])
      const record = log.invalid.get(origin.join(':'))
      expect(record, origin.join(':')).toBeDefined()
      expect(value).toEqual(record?.value)
      left.delete(origin.join(':'))
    }
    expect([...left.keys()]).toEqual([])
    expect(log.invalid.size).toBeGreaterThan(50)
  })
})
