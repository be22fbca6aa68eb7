import { createDecoder, topicNames } from '@holdfast/contracts'
import type { KafkaRecord, ShardBatch, ShardChange, ShardStore } from '@holdfast/platform'
import { aPurchase, manualClock, testLog } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Turns } from '../turns.ts'
import { createIntakeStep } from './intake.ts'
import { ShardLane } from './shard-lane.ts'

const { riskChanges: _, deadLetters: __, ...topics } = topicNames()

/** A lane over a shard that answers reads with what the test says, and takes every commit. */
function lane(states: (ids: readonly string[]) => (Buffer | null)[]) {
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
      return { kind: 'committed', number: number + 1 }
    },
  } as unknown as ShardStore
  const opened = new ShardLane({
    store,
    topics,
    partitionCount: 1,
    logBounds: [],
    intake: createIntakeStep({ decode: createDecoder({ base: 'EUR' }), partitionCount: 1, domainTime: (ms) => ms }),
    look: () => [],
    clock: manualClock(Date.now()),
    log: testLog,
    gatherEvents: 1,
    timelineLength: 0,
    lookLimit: 10,
    atWork: new Turns(),
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

function batch(offset: number, customerId: string): ShardBatch {
  const { json } = aPurchase({ customerId })
  const record: KafkaRecord = {
    offset,
    key: Buffer.from(customerId),
    value: Buffer.from(json),
    timestamp: Date.now(),
    headers: {},
  }
  return {
    topic: topics.purchases,
    partition: 0,
    records: [record],
    highWatermark: offset + 1,
    firstOffset: offset,
    lastOffset: offset,
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
  expect(commits.map(({ customers }) => customers.map(({ id }) => id))).toEqual([['good']])
})
