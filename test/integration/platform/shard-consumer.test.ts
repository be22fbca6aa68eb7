import type { Position, ShardBatch } from '@holdfast/platform'
import { eventually, makeTopics, testKafka, testProducer, uniqueName } from '@holdfast/testing'
import { expect, inject, test } from 'vitest'
import { collectRecords, startConsumer } from './collect.ts'

const brokers = inject('kafkaBrokers')
const messages = (count: number, partition = 0, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}`, partition }))

test('two members share the partitions so that each has the same ones of every topic', async () => {
  const topics = await makeTopics(brokers, ['purchases', 'support', 'profile'], 5)
  const groupId = uniqueName('group')
  const mine = new Map<string, number[]>()
  const seen: { member: string; topic: string; partition: number }[] = []
  const member = (name: string) =>
    startConsumer(brokers, topics, {
      groupId,
      heartbeatMs: 100,
      async onAssigned(partitions) {
        mine.set(name, [...partitions])
        return []
      },
      async onRevoked() {
        mine.delete(name)
      },
      async onBatch({ topic, partition, records }) {
        seen.push(...records.map(() => ({ member: name, topic, partition })))
      },
    })
  const first = await member('first')
  await eventually(() => expect(mine.get('first')).toEqual([0, 1, 2, 3, 4]) ?? true)
  await member('second')
  await eventually(() => {
    const all = [...(mine.get('first') ?? []), ...(mine.get('second') ?? [])]
    expect(all.sort()).toEqual([0, 1, 2, 3, 4])
    expect(mine.get('second')?.length).toBe(2)
    return true
  })

  const producer = await testProducer(brokers)
  for (const topic of topics) {
    await producer.sendBatch([{ topic, messages: [0, 1, 2, 3, 4].flatMap((p) => messages(1, p)) }])
  }
  await eventually(() => expect(seen.length).toBeGreaterThanOrEqual(15) ?? true)
  for (const { member: name, partition } of seen) expect(mine.get(name)).toContain(partition)
  expect(seen).toHaveLength(15)

  await first.stop()
  await eventually(() => expect(mine.get('second')).toEqual([0, 1, 2, 3, 4]) ?? true)
  expect(mine.has('first')).toBe(false)
})

test('nothing is fetched before the stored offsets are known, however long that takes', async () => {
  const [topic = ''] = await makeTopics(brokers, ['slow-start'], 1)
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: messages(50) }])
  const offsets: number[] = []
  let release = () => {}
  const stored = new Promise<void>((resolve) => {
    release = resolve
  })
  let asked = false
  await startConsumer(brokers, [topic], {
    maxWaitMs: 10,
    async onAssigned() {
      asked = true
      await stored
      return [{ topic, partition: 0, offset: 42 }]
    },
    async onBatch({ records }) {
      offsets.push(...records.map(({ offset }) => offset))
    },
  })
  await eventually(() => asked)
  // A reader of the same topic that need not wait shows that a fetch would have brought something by now.
  const other = await collectRecords(brokers, [topic])
  await eventually(() => other.length === 50)
  expect(offsets).toEqual([])
  release()
  await eventually(() => expect(offsets).toEqual([42, 43, 44, 45, 46, 47, 48, 49]) ?? true)
})

test('a seek within the handler makes the batch obsolete and is where reading goes on', async () => {
  const [topic = ''] = await makeTopics(brokers, ['seek'], 1)
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: messages(10) }])
  const starts: number[] = []
  const staleness: boolean[] = []
  const consumer = await startConsumer(brokers, [topic], {
    async onBatch(batch) {
      starts.push(batch.firstOffset)
      if (starts.length === 1) consumer.seek({ topic, partition: 0, offset: 4 })
      staleness.push(batch.isStale())
    },
  })
  await eventually(() => expect(starts).toEqual([0, 4]) ?? true)
  expect(staleness).toEqual([true, false])
})

test('a handler that throws stops its own partition only', async () => {
  const [topic = ''] = await makeTopics(brokers, ['throwing'], 2)
  const fatal: unknown[] = []
  const seen: ShardBatch[] = []
  await startConsumer(brokers, [topic], {
    maxWaitMs: 20,
    onFatal: (error, where) => fatal.push([error.message, where]),
    async onBatch(batch) {
      if (batch.partition === 0) throw new Error('no good')
      seen.push(batch)
    },
  })
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: [...messages(1, 0), ...messages(1, 1)] }])
  await eventually(() => expect(fatal).toEqual([['no good', { topic, partition: 0 }]]) ?? true)
  await producer.sendBatch([{ topic, messages: [...messages(1, 0), ...messages(1, 1)] }])
  await eventually(() => seen.at(-1)?.lastOffset === 1)
  expect(fatal).toHaveLength(1)
})

test('a pause holds one partition of all topics back until it is resumed', async () => {
  const topics = await makeTopics(brokers, ['a', 'b'], 2)
  const seen: string[] = []
  const consumer = await startConsumer(brokers, topics, {
    maxWaitMs: 20,
    async onBatch({ topic, partition }) {
      seen.push(`${topics.indexOf(topic)}/${partition}`)
    },
  })
  await eventually(() => consumer.assigned().length === 2)
  consumer.pause(0)
  const producer = await testProducer(brokers)
  await producer.sendBatch(topics.map((topic) => ({ topic, messages: [...messages(1, 0), ...messages(1, 1)] })))
  await eventually(() => expect([...seen].sort()).toEqual(['0/1', '1/1']) ?? true)
  consumer.resume(0)
  await eventually(() => expect([...seen].sort()).toEqual(['0/0', '0/1', '1/0', '1/1']) ?? true)
})

test('an offset outside the log stops the partition instead of starting somewhere else', async () => {
  const [topic = ''] = await makeTopics(brokers, ['outside'], 2)
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: [...messages(10, 0), ...messages(10, 1)] }])
  await deleteBefore(topic, 0, 5)
  const fatal: string[] = []
  const seen: number[] = []
  await startConsumer(brokers, [topic], {
    onFatal: (error) => fatal.push(error.message),
    onAssigned: async () => [
      { topic, partition: 0, offset: 3 },
      { topic, partition: 1, offset: 11 },
    ],
    async onBatch({ partition }) {
      seen.push(partition)
    },
  })
  await eventually(() => expect(fatal).toHaveLength(2) ?? true)
  expect(fatal).toContain(
    `${topic}, partition 0: the state reflects the log up to offset 3, and the log now begins at 5: 2 records were deleted unread`,
  )
  expect(fatal.join()).toContain(
    `${topic}, partition 1: the state reflects the log up to offset 11, and the log ends at 10`,
  )
  expect(seen).toEqual([])
})

test('an offset that grew while it was asked for is not taken for one beyond the end', async () => {
  const [topic = ''] = await makeTopics(brokers, ['growing'], 1)
  const producer = await testProducer(brokers)
  const offsets: number[] = []
  await startConsumer(brokers, [topic], {
    async onAssigned() {
      // As the owner before us would, which does not know yet that it is no longer one.
      for (let i = 0; i < 5; i++) await producer.sendBatch([{ topic, messages: messages(1) }])
      return [{ topic, partition: 0, offset: 5 }]
    },
    async onBatch({ records }) {
      offsets.push(...records.map(({ offset }) => offset))
    },
  })
  await eventually(async () => {
    await producer.sendBatch([{ topic, messages: messages(1) }])
    return offsets.length > 0
  })
  expect(offsets[0]).toBe(5)
})

test('records that are deleted before a running consumer has read them are missed aloud', async () => {
  const [topic = ''] = await makeTopics(brokers, ['overtaken'], 1)
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: messages(10) }])
  const fatal: string[] = []
  const last: number[] = []
  const consumer = await startConsumer(brokers, [topic], {
    maxWaitMs: 20,
    onFatal: (error) => fatal.push(error.message),
    async onBatch({ lastOffset }) {
      last.push(lastOffset)
    },
  })
  await eventually(() => last.includes(9))
  consumer.pause(0)
  await producer.sendBatch([{ topic, messages: messages(10, 0, 10) }])
  await deleteBefore(topic, 0, 15)
  consumer.resume(0)
  await eventually(() => expect(fatal.join()).toContain('up to offset 10, and the log now begins at 15') ?? true)
  expect(last).toEqual([9])
})

test('markers of transactions are passed and told, and aborted records are not handed over', async () => {
  const [topic = ''] = await makeTopics(brokers, ['transactions'], 1)
  const seen: string[] = []
  let reached = 0
  await startConsumer(brokers, [topic], {
    maxWaitMs: 20,
    async onBatch({ records, lastOffset }) {
      seen.push(...records.map(({ value }) => String(value)))
      reached = lastOffset + 1
    },
    onSkipped({ offset, highWatermark }) {
      expect(highWatermark).toBe(offset)
      reached = offset
    },
  })
  const producer = testKafka(brokers).producer({
    transactionalId: uniqueName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  const transact = async (value: string, end: 'commit' | 'abort') => {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ key: 'k', value }] })
    await transaction[end]()
  }
  // Each takes two offsets, one for its record and one for its marker.
  await transact('kept', 'commit')
  await eventually(() => expect(reached).toBe(2) ?? true)
  await transact('dropped', 'abort')
  await eventually(() => expect(reached).toBe(4) ?? true)
  await transact('kept too', 'commit')
  await eventually(() => expect(reached).toBe(6) ?? true)
  await producer.disconnect()
  expect(seen).toEqual(['kept', 'kept too'])
})

test('a process frozen past its session finds its batch stale and begins where the owner says', async () => {
  const [topic = ''] = await makeTopics(brokers, ['frozen'], 1)
  const log: string[] = []
  let start = 0
  await startConsumer(brokers, [topic], {
    sessionTimeoutMs: 1_000,
    heartbeatMs: 200,
    async onAssigned(partitions): Promise<Position[]> {
      log.push(`assigned ${partitions.join()}`)
      return [{ topic, partition: 0, offset: start }]
    },
    async onRevoked(partitions) {
      log.push(`revoked ${partitions.join()}`)
    },
    async onBatch(batch) {
      log.push(`batch ${batch.firstOffset}-${batch.lastOffset}`)
      if (start > 0) return
      start = 1
      freeze(2_000)
      await eventually(() => batch.isStale())
      log.push('stale')
    },
  })
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: messages(3) }])
  await eventually(() => {
    expect(log).toEqual(['assigned 0', 'batch 0-2', 'stale', 'revoked 0', 'assigned 0', 'batch 1-2'])
    return true
  })
})

test('stop lets the handler finish, then revokes, then leaves', async () => {
  const [topic = ''] = await makeTopics(brokers, ['stopping'], 1)
  const groupId = uniqueName('group')
  const log: string[] = []
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const consumer = await startConsumer(brokers, [topic], {
    groupId,
    async onBatch() {
      log.push('began')
      await gate
      log.push('ended')
    },
    async onRevoked() {
      log.push('revoked')
      await consumer.commitOffsets([{ topic, partition: 0, offset: 1 }])
    },
  })
  const producer = await testProducer(brokers)
  await producer.sendBatch([{ topic, messages: messages(1) }])
  await eventually(() => log.includes('began'))
  const stopping = consumer.stop()
  release()
  await stopping
  expect(log).toEqual(['began', 'ended', 'revoked'])
  const admin = testKafka(brokers).admin()
  await admin.connect()
  const offsets = await admin.fetchOffsets({ groupId, topics: [topic] })
  const { groups } = await admin.describeGroups([groupId])
  await admin.disconnect()
  expect(offsets[0]?.partitions[0]?.offset).toBe('1')
  expect(groups[0]?.members).toEqual([])
})

test('topics of different counts are refused at the start', async () => {
  const [a = ''] = await makeTopics(brokers, ['three'], 3)
  const [b = ''] = await makeTopics(brokers, ['two'], 2)
  await expect(startConsumer(brokers, [a, b])).rejects.toMatchObject({
    code: 'KAFKA_PARTITIONS_DIFFER',
    message: expect.stringContaining(`${a} has 3, ${b} has 2`),
  })
})

async function deleteBefore(topic: string, partition: number, offset: number): Promise<void> {
  const admin = testKafka(brokers).admin()
  await admin.connect()
  // Loads the metadata without which the deletion does not find the leader.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
  await admin.disconnect()
}

/** As SIGSTOP does: the event loop stands still, so no heartbeat leaves. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
