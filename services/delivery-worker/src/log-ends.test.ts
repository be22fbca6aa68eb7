import { expect, test } from 'vitest'
import { LogEnds, missingRecords } from './log-ends.ts'

const bound = (high: number, low = 0, partition = 0) => ({ topic: 'purchases', partition, low, high })

test('a shard must have read what was there at an instant that is recent, not what comes in meanwhile', () => {
  const ends = new LogEnds(5_000)
  expect(ends.reach(0, 0)).toBeUndefined()
  for (const [at, high] of [
    [0, 10],
    [1_000, 20],
    [2_000, 30],
  ] as const) {
    ends.add(at, [bound(high)])
  }
  const needed = (now: number) => ends.reach(0, now)?.get('purchases')?.high
  expect(needed(2_000)).toBe(10)
  expect(needed(5_000)).toBe(10)
  expect(needed(5_001)).toBe(20)
  expect(needed(7_000)).toBe(30)
  // Kafka has said nothing for too long.
  expect(needed(7_001)).toBeUndefined()
  expect(ends.reach(1, 2_000)).toBeUndefined()
})

test('what is missing is counted over all topics; where nothing was read, from where the log begins', () => {
  const reach = new Map([
    ['purchases', { low: 0, high: 10 }],
    ['support', { low: 100, high: 100 }],
    ['actions', { low: 5, high: 9 }],
  ])
  expect(
    missingRecords(
      new Map([
        ['purchases', 10],
        ['actions', 9],
      ]),
      reach,
    ),
  ).toBe(0)
  expect(
    missingRecords(
      new Map([
        ['purchases', 12],
        ['actions', 7],
      ]),
      reach,
    ),
  ).toBe(2)
  expect(missingRecords(new Map(), reach)).toBe(14)
})
