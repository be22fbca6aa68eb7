import { topicNames } from '@holdfast/contracts'
import {
  type EventProducer,
  type OutboxEntry,
  packedEntries,
  type StoredOutboxEntry,
  type TopicMessages,
  type WrittenOutbox,
} from '@holdfast/platform'
import { eventually, manualClock, testLog } from '@holdfast/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { deadLetter, decided, queued, republished, riskChanged, riskForgotten, SOURCE } from './lane/outgoing.ts'
import { FULL_OUTBOX, Relay, type RelayOptions } from './relay.ts'

const AT = Date.UTC(2026, 5, 2)
const episode = { customerId: 'cust-1', band: 'at_risk', enteredAt: AT - 1_000 } as const
const reasons = [{ group: 'recency', logit: 1, sentence: 'long ago' }]
const common = { ...episode, expectedLossMinor: 5, currency: 'EUR', reasons, modelVersion: 'v1', probability: 0.5 }
const record = { offset: 4, key: null, value: Buffer.from([1, 255]), timestamp: AT, headers: {} }
const place = { topic: 'customer.purchases', partition: 1 }

const job = (customerId = 'cust-1') =>
  queued({ ...common, customerId, action: 'proactive-outreach', decidedAt: AT, shard: { partition: 1 } })

/** An outbox in memory, a broker and queues, all noting in one list what happened in which order. */
function world(entries: readonly OutboxEntry[], more: { length?: () => number } = {}) {
  const happened: string[] = []
  const sent: TopicMessages[] = []
  const jobs: { id: string }[] = []
  const outbox = entries.map((entry, i): StoredOutboxEntry => ({ ...entry, id: `1-${i}` }))
  const before = [...outbox]
  let run = 'run'
  /** After how many more droppings Redis is put back to its beginning. */
  const restore = { after: Number.POSITIVE_INFINITY }
  const reads: { count: number; onAnswer?: () => void } = { count: 0 }
  /** What fails, and how often still. */
  const failing = { kafka: 0, queue: 0, read: 0, kafkaAfter: Number.POSITIVE_INFINITY }
  const mayFail = (what: keyof typeof failing): void => {
    if (failing[what]-- > 0) throw new Error(`no ${what}`)
  }
  const producer: EventProducer = {
    async sendBatch(batch) {
      happened.push('kafka')
      mayFail('kafka')
      if (failing.kafkaAfter-- === 0) throw new Error('no kafka')
      sent.push(...batch)
    },
    stop: async () => {},
  }
  const queue = {
    async add(list: readonly { id: string }[]) {
      happened.push('queue')
      mayFail('queue')
      jobs.push(...list)
    },
  }
  const store = {
    partition: 1,
    async outbox(limit: number, after?: string) {
      reads.count++
      mayFail('read')
      const from = after === undefined ? 0 : outbox.findIndex(({ id }) => id === after) + 1
      const answer = outbox.slice(from, from + limit)
      // A commit that Redis takes just after the answer is handed over before the relay has it.
      await Promise.resolve()
      reads.onAnswer?.()
      return answer
    },
    serverRun: async () => run,
    async dropOutbox(through: string, readFrom: string) {
      happened.push('drop')
      // A restart brings back what was dropped, and drops nothing.
      if (restore.after-- === 0) {
        run = 'another run'
        outbox.splice(0, outbox.length, ...before)
      }
      if (readFrom !== run) return false
      outbox.splice(0, outbox.findIndex(({ id }) => id === through) + 1)
      return true
    },
    outboxLength: async () => {
      if (failing.read > 0) mayFail('read')
      return more.length?.() ?? outbox.length
    },
  }
  const relayed: [string, number][] = []
  const options = {
    store,
    topics: topicNames(),
    producer,
    queues: { of: { 'proactive-outreach': queue, reactivation: queue } },
    clock: manualClock(AT + 250),
    log: testLog,
    onRelayed: (kind: string, count: number) => relayed.push([kind, count]),
    onJob: (_action: string, ms: number) => relayed.push(['ms', ms]),
  }
  const relay = new Relay(options as unknown as RelayOptions)
  let written = entries.length
  /** What a commit does: writes entries, and says which. */
  const commit = (more: readonly OutboxEntry[]): WrittenOutbox => {
    const stored = more.map((entry) => ({ ...entry, id: `1-${written++}` }))
    outbox.push(...stored)
    return { serverRun: run, entries: packedEntries(more), ids: stored.map(({ id }) => id) }
  }
  onTestFinished(() => relay.stop())
  const messagesTo = (topic: string) => sent.filter((part) => part.topic === topic).flatMap(({ messages }) => messages)
  /** Redis is started again, with these entries in its outbox. */
  const restart = (entries: readonly StoredOutboxEntry[]): void => {
    run = 'run after a restart'
    outbox.splice(0, outbox.length, ...entries)
  }
  return { relay, commit, restart, outbox, happened, sent, jobs, failing, reads, restore, relayed, messagesTo }
}

test('records go to Kafka before jobs go to their queue, and only then are they dropped', async () => {
  const { relay, outbox, happened, jobs, relayed } = world([job(), decided(episode, 'proactive-outreach', AT)])
  await relay.drain()
  expect(happened).toEqual(['kafka', 'queue', 'drop'])
  expect(outbox).toEqual([])
  expect(jobs).toMatchObject([{ id: `at_risk.${AT - 1_000}.cust-1`, data: { customerId: 'cust-1', decidedAt: AT } }])
  expect(relayed).toEqual([
    ['ms', 250],
    ['job', 1],
    ['action-event', 1],
  ])
})

test('a job does not wait for what is not its decision, and is not queued twice when that fails', async () => {
  const change = riskChanged({ ...common, evaluatedAt: AT, source: SOURCE })
  const entries = [change, decided(episode, 'proactive-outreach', AT), job()]
  const { relay, outbox, happened, jobs, failing, sent } = world(entries)
  failing.kafkaAfter = 1
  await relay.drain()
  expect(happened).toEqual(['kafka', 'queue', 'kafka', 'kafka', 'kafka', 'drop'])
  expect(sent.map(({ topic }) => topic)).toEqual(['churn.actions', 'churn.actions', 'churn.risk-changes'])
  expect([jobs.length, outbox.length]).toEqual([1, 0])
})

test('each kind goes where it belongs, with key, value and headers as they were', async () => {
  const { relay, messagesTo } = world([
    deadLetter(record, place, 'why'),
    deadLetter({ ...record, value: null }, place, 'empty value'),
    republished(record, place, 'cust-1'),
    riskChanged({ ...common, evaluatedAt: AT, source: SOURCE }),
    riskForgotten('cust-1'),
    decided(episode, 'proactive-outreach', AT),
  ])
  await relay.drain()
  const dead = messagesTo('churn.dead-letters')
  expect(dead.map(({ key, value }) => [key, value])).toEqual([
    [null, record.value],
    [null, null],
  ])
  expect(dead[0]!.headers).toMatchObject({
    'hf-reason': 'why',
    'hf-origin-topic': place.topic,
    'hf-origin-offset': '4',
  })
  expect(messagesTo(place.topic)).toMatchObject([{ key: Buffer.from('cust-1'), value: record.value }])
  expect(messagesTo('churn.risk-changes').map(({ value }) => value === null)).toEqual([false, true])
  // Its customer lives here, whatever another client's partitioner would say.
  expect(messagesTo('churn.actions')).toMatchObject([{ partition: 1 }])
})

test('entries that an earlier release wrote leave like those of today', async () => {
  const key = Buffer.from('cust-1')
  const header = (isNull: boolean) => JSON.stringify({ topic: '', key: key.toString('base64'), isNull, headers: {} })
  const value = Buffer.from('{}')
  const oldJob = { ...job(), header: '{"queue":"proactive-outreach","id":"at_risk.1.cust-1"}' }
  const { relay, outbox, jobs, messagesTo } = world([
    { kind: 'risk-change', header: header(false), value },
    { kind: 'risk-change', header: header(true), value: Buffer.alloc(0) },
    oldJob,
  ])
  await relay.drain()
  expect(outbox).toEqual([])
  expect(messagesTo('churn.risk-changes')).toMatchObject([
    { key, value },
    { key, value: null },
  ])
  expect(jobs).toMatchObject([{ id: 'at_risk.1.cust-1', data: { customerId: 'cust-1' } }])
})

describe('what fails is kept and tried again', () => {
  test.each(['kafka', 'queue', 'read'] as const)('%s', async (what) => {
    const { relay, outbox, happened, jobs, failing } = world([decided(episode, 'proactive-outreach', AT), job()])
    failing[what] = 2
    void relay.drain()
    await eventually(() => outbox.length === 0)
    expect(failing[what]).toBeLessThanOrEqual(0)
    expect(jobs).toHaveLength(1)
    expect(happened.filter((step) => step === 'drop')).toHaveLength(1)
    // No job before an attempt of Kafka that succeeded.
    if (what === 'kafka') expect(happened).toEqual(['kafka', 'kafka', 'kafka', 'queue', 'drop'])
    if (what === 'queue') expect(happened.slice(0, 4)).toEqual(['kafka', 'queue', 'kafka', 'queue'])
  })
})

test('more entries than fit in one go all leave', async () => {
  const { relay, outbox, jobs } = world(Array.from({ length: 4_500 }, (_, i) => job(`c${i}`)))
  await relay.drain()
  expect(outbox).toEqual([])
  expect(jobs.map(({ id }) => id.split('.').at(-1))).toEqual(Array.from({ length: 4_500 }, (_, i) => `c${i}`))
})

test('a full outbox holds the shard back until it has been moved', async () => {
  let length = FULL_OUTBOX + 1
  const { relay, failing } = world([job()], { length: () => length })
  failing.kafka = 0
  await relay.hasRoom()
  failing.queue = 2
  void relay.drain()
  let hasRoom = false
  await eventually(async () => failing.queue <= 1)
  // The failed attempt has weighed the outbox by the time the next one begins.
  await eventually(() => failing.queue <= 0)
  void relay.hasRoom().then(() => {
    hasRoom = true
  })
  await Promise.resolve()
  expect(hasRoom).toBe(false)
  length = 0
  await eventually(() => hasRoom)
})

test('where Redis was put back while entries left, all that it holds leaves again', async () => {
  const { relay, outbox, jobs, restore } = world(Array.from({ length: 4_500 }, (_, i) => job(`cust-${i}`)))
  restore.after = 1
  await relay.drain()
  expect(outbox).toEqual([])
  expect(jobs.slice(0, 4_000)).toEqual(jobs.slice(-4_500, -500))
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(4_500)
})

describe('what a commit hands over', () => {
  const namesOf = (jobs: readonly { id: string }[]) => jobs.map(({ id }) => id.split('.').at(-1))

  test('leaves in its order and is dropped, and nothing is read', async () => {
    const { relay, commit, outbox, happened, jobs, reads } = world([])
    await relay.drain()
    const before = reads.count
    relay.take(commit([decided(episode, 'proactive-outreach', AT), job('a')]))
    relay.take(commit([job('b')]))
    await relay.drain()
    expect(namesOf(jobs)).toEqual(['a', 'b'])
    expect(outbox).toEqual([])
    expect(happened.slice(0, 3)).toEqual(['kafka', 'queue', 'drop'])
    expect(reads.count).toBe(before)
  })

  test('leaves once where it is read as well', async () => {
    const { relay, commit, outbox, jobs, reads } = world(Array.from({ length: 2_500 }, (_, i) => job(`c${i}`)))
    // The second read finds something, so there is a third, and it finds what was handed over with the answer of the second.
    reads.onAnswer = () => {
      if (reads.count === 2) relay.take(commit([job('last')]))
    }
    await relay.drain()
    expect(reads.count).toBe(4)
    expect(namesOf(jobs)).toEqual([...Array.from({ length: 2_500 }, (_, i) => `c${i}`), 'last'])
    expect(outbox).toEqual([])
  })

  test('leaves where it was written behind the last read', async () => {
    const { relay, commit, outbox, jobs, reads } = world([job('a')])
    reads.onAnswer = () => {
      if (reads.count === 2) relay.take(commit([job('b')]))
    }
    await relay.drain()
    expect(namesOf(jobs)).toEqual(['a', 'b'])
    expect(outbox).toEqual([])
    expect(reads.count).toBe(2)
  })

  test('is read again after a failure, with what came meanwhile, and no job that was queued is queued again', async () => {
    const { relay, commit, outbox, jobs, failing } = world([])
    await relay.drain()
    failing.kafkaAfter = 0
    relay.take(commit([riskChanged({ ...common, evaluatedAt: AT, source: SOURCE }), job('a')]))
    relay.take(commit([job('b')]))
    await relay.drain()
    expect(namesOf(jobs).sort()).toEqual(['a', 'b'])
    expect(outbox).toEqual([])
  })

  test('is not all that leaves where Redis was started anew', async () => {
    const { relay, commit, outbox, jobs, restart } = world([])
    await relay.drain()
    // Left and was dropped, and is back with an older self of Redis, whose queue has lost the job.
    const old = commit([job('a')])
    relay.take(old)
    await relay.drain()
    restart([...old.entries].map((entry, i) => ({ ...entry, id: old.ids[i]! })))
    relay.take(commit([job('b')]))
    await relay.drain()
    expect(namesOf(jobs)).toEqual(['a', 'a', 'b'])
    expect(outbox).toEqual([])
  })

  test('is not all that leaves where Redis was put back while it left', async () => {
    const { relay, commit, outbox, jobs, restore } = world([job('a')])
    await relay.drain()
    restore.after = 0
    relay.take(commit([job('b')]))
    await relay.drain()
    expect(namesOf(jobs)).toEqual(['a', 'b', 'a'])
    expect(outbox).toEqual([])
  })

  test('is read when it is its turn, where more waits than memory should hold', async () => {
    const { relay, commit, outbox, jobs, reads } = world([])
    await relay.drain()
    const before = reads.count
    const names = Array.from({ length: 80 }, (_, i) => `c${i}`)
    const large = deadLetter({ ...record, value: Buffer.alloc(2 ** 20) }, place, 'too large')
    for (const name of names) relay.take(commit([job(name), large]))
    await relay.drain()
    expect(new Set(namesOf(jobs))).toEqual(new Set(names))
    expect(outbox).toEqual([])
    expect(reads.count).toBeGreaterThan(before)
  })
})

test('a stop waits for what is under way and lets whoever waits go', async () => {
  const { relay, outbox } = world([job()], { length: () => FULL_OUTBOX + 1 })
  void relay.drain()
  await relay.stop()
  await relay.hasRoom()
  expect(outbox).toEqual([])
})
