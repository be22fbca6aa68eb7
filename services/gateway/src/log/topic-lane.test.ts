import { expect, onTestFinished, test, vi } from 'vitest'
import { type LogRecord, TopicLane, type WrittenAt } from './topic-lane.ts'

const record = (name: string, bytes = 10): LogRecord => ({ key: name, value: Buffer.alloc(bytes), timestamp: 0 })

/** A log whose sends end when the test says so. */
function slowLog() {
  const sends: { readonly keys: readonly string[]; end(error?: Error): void }[] = []
  const send = (records: readonly LogRecord[]) =>
    new Promise<WrittenAt[]>((resolve, reject) => {
      const keys = records.map(({ key }) => key)
      const places = keys.map((_, offset) => ({ topic: 't', partition: sends.length, offset }))
      sends.push({ keys, end: (error) => (error === undefined ? resolve(places) : reject(error)) })
    })
  return { sends, send }
}

function open(maxSends: number, maxSendBytes = 1_000) {
  const log = slowLog()
  return { ...log, lane: new TopicLane({ send: log.send, lingerMs: 1, maxSendBytes, maxSends }) }
}

test('what comes within the linger goes together, and each hears of its own place', async () => {
  const { lane, sends } = open(2)
  const writes = ['a', 'b', 'c'].map((name) => lane.write(record(name)))
  await expect.poll(() => sends.length).toBe(1)
  expect(sends[0]?.keys).toEqual(['a', 'b', 'c'])
  sends[0]?.end()
  expect((await Promise.all(writes)).map(({ offset }) => offset)).toEqual([0, 1, 2])
})

test('no send is larger than a topic takes, and a record larger than that goes alone', async () => {
  const { lane, sends } = open(9, 500)
  for (const [name, bytes] of [
    ['a', 300],
    ['b', 300],
    ['c', 900],
    ['d', 50],
    ['e', 50],
  ] as const) {
    void lane.write(record(name, bytes))
  }
  await expect.poll(() => sends.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c'], ['d', 'e']])
})

test('with as many sends under way as there may be, what comes waits and then goes together', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { lane, sends } = open(1)
  const first = lane.write(record('a'))
  await vi.advanceTimersByTimeAsync(1)
  const others = ['b', 'c', 'd'].map((name) => lane.write(record(name)))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(sends.map(({ keys }) => keys)).toEqual([['a']])
  sends[0]?.end()
  await first
  await vi.advanceTimersByTimeAsync(1)
  expect(sends[1]?.keys).toEqual(['b', 'c', 'd'])
  sends[1]?.end()
  await Promise.all(others)
})

test('a send that fails is told to all who are in it, and the next one is tried as ever', async () => {
  const { lane, sends } = open(1)
  const failed = Promise.allSettled([lane.write(record('a')), lane.write(record('b'))])
  await expect.poll(() => sends.length).toBe(1)
  const next = lane.write(record('c'))
  sends[0]?.end(new Error('no leader'))
  expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect.poll(() => sends.length).toBe(2)
  sends[1]?.end()
  expect(await next).toMatchObject({ topic: 't' })
})

test('drained, nothing is waiting or under way', async () => {
  const { lane, sends } = open(1, 200)
  let written = 0
  for (const name of ['a', 'b', 'c', 'd', 'e']) void lane.write(record(name, 100)).then(() => written++)
  let isDrained = false
  const drained = lane.drain().then(() => {
    isDrained = true
  })
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => sends.length).toBe(i + 1)
    expect(isDrained).toBe(false)
    sends[i]?.end()
  }
  await drained
  expect(written).toBe(5)
})
