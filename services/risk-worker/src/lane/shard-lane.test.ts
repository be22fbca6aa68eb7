import { setTimeout } from 'node:timers/promises'
import { createDecoder, topicNames } from '@holdfast/contracts'
import type { KafkaRecord, ShardBatch, ShardChange, ShardStore } from '@holdfast/platform'
import { aPurchase, manualClock, testLog } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Turns } from '../turns.ts'
import { createIntakeStep } from './intake.ts'
import type { LaneOptions } from './lane-options.ts'
import { ShardLane } from './shard-lane.ts'

const { riskChanges: _, deadLetters: __, ...topics } = topicNames()

type States = (ids: readonly string[]) => (Buffer | null)[] | Promise<(Buffer | null)[]>

const unknown: States = (ids) => ids.map(() => null)

interface Setting {
  readonly onCommit?: () => void
  readonly look?: LaneOptions['look']
  readonly atWork?: Turns
}

/** A lane over a shard that answers reads with what the test says, and takes every commit. */
function lane(states: States, { onCommit, look = () => [], atWork = new Turns() }: Setting = {}) {
  const commits: ShardChange[] = []
  const broken: Error[] = []
  const claimed = { token: 't', number: 0, offsets: new Map(), origins: new Map(), partitionCount: 1, model: undefined }
  const store = {
    partition: 0,
    claimed,
    states: async (ids: readonly string[]) => states(ids),
    profiles: async (ids: readonly string[]) => ids.map(() => null),
    async commit(number: number, change: ShardChange) {
      commits.push(change)
      onCommit?.()
      return { kind: 'committed', number: number + 1 }
    },
  } as unknown as ShardStore
  const opened = new ShardLane({
    store,
    topics,
    partitionCount: 1,
    logBounds: [],
    intake: createIntakeStep({ decode: createDecoder({ base: 'EUR' }), partitionCount: 1, domainTime: (ms) => ms }),
    look,
    clock: manualClock(Date.now()),
    log: testLog,
    gatherEvents: 1,
    timelineLength: 0,
    lookLimit: 10,
    atWork,
    events: {
      onIntake() {},
      onFolded() {},
      onCommitted() {},
      onOutbox() {},
      onRefused() {},
      onBroken: (error) => broken.push(error),
    },
    admit: () => true,
    seek() {},
  })
  return { lane: opened, commits, broken }
}

/** A purchase of each, up to the end of the log. */
function batch(offset: number, ...customers: string[]): ShardBatch {
  const records = customers.map((customerId, i): KafkaRecord => {
    const { json } = aPurchase({ customerId })
    const [key, value] = [Buffer.from(customerId), Buffer.from(json)]
    return { offset: offset + i, key, value, timestamp: Date.now(), headers: {} }
  })
  return {
    topic: topics.purchases,
    partition: 0,
    records,
    highWatermark: offset + records.length,
    firstOffset: offset,
    lastOffset: offset + records.length - 1,
    expectedOffset: offset,
    isStale: () => false,
    heartbeat: async () => {},
  }
}

test('after a state that cannot be read nothing is committed any more: no offset passes over the events it was read for', async () => {
  const {
    lane: damaged,
    commits,
    broken,
  } = lane((ids) => ids.map((id) => (id === 'damaged' ? Buffer.from([255, 1]) : null)))
  expect(await damaged.take(batch(0, 'good'))).toBe('taken')
  await damaged.drain()
  expect(await damaged.take(batch(1, 'damaged'))).toBe('taken')
  expect(await damaged.take(batch(2, 'good'))).toBe('refused')
  damaged.sawEveryone('a model')
  await damaged.keepWhoSaw()
  await damaged.drain()
  expect(broken.map(({ message }) => message)).toEqual([expect.stringContaining('state has layout version 255')])
  expect(commits.map(({ customers }) => [...customers].map(({ id }) => id))).toEqual([['good']])
})

test('a batch is taken, and the next may be fetched, while what was taken is still to be read, folded and written', async () => {
  let answer = (): void => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const { lane: slow, commits } = lane(async (ids) => {
    await answered
    return unknown(ids)
  })
  expect(await slow.take(batch(0, 'first'))).toBe('taken')
  const next = slow.take(batch(1, 'second'))
  await setTimeout(20)
  expect(commits).toEqual([])
  answer()
  expect(await next).toBe('taken')
  await slow.drain()
  expect(commits.map(({ customers }) => [...customers].map(({ id }) => id))).toEqual([['first'], ['second']])
})

test('lanes of a process work one after the other, so that the first has sent its commit while the next one folds', async () => {
  const worked: string[] = []
  const atWork = new Turns()
  const lanes = ['a', 'b'].map((name) => {
    const look: LaneOptions['look'] = (customers) => {
      if (customers.length > 0) worked.push(name)
      return []
    }
    return lane(unknown, { look, atWork, onCommit: () => worked.push(`${name} sent`) }).lane
  })
  // More than are taken up at once.
  const many = Array.from({ length: 2_500 }, (_, i) => `customer-${i}`)
  await Promise.all(
    lanes.map(async (each) => {
      await each.take(batch(0, ...many))
      await each.drain()
    }),
  )
  expect(worked.join(' ')).toMatch(/^(a ){2,}a sent (b ){2,}b sent$/)
})
