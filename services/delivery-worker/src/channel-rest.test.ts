import { expect, test } from 'vitest'
import { pauseAfter } from './backoff.ts'
import { ChannelRest } from './channel-rest.ts'

test('pauses double up to the longest, and half of each is chance', () => {
  const pauses = (random: number) =>
    [1, 2, 3, 4, 5, 200].map((failures) => pauseAfter(failures, { baseMs: 100, maxMs: 1_000, random: () => random }))
  expect(pauses(1)).toEqual([100, 200, 400, 800, 1_000, 1_000])
  expect(pauses(0)).toEqual([50, 100, 200, 400, 500, 500])
})

test('a channel rests after five failures in a row, then one attempt finds out, and a success wakes it', () => {
  const rest = new ChannelRest()
  for (let i = 0; i < 4; i++) rest.failed(0)
  expect(rest.admit(0).kind).toBe('go')
  rest.failed(0)
  expect(rest.admit(0)).toEqual({ kind: 'wait', forMs: 500 })
  expect(rest.admit(500).kind).toBe('go')
  // The others wait for what that one finds out.
  expect(rest.admit(500).kind).toBe('wait')
  rest.failed(510)
  expect(rest.admit(520)).toEqual({ kind: 'wait', forMs: 990 })
  expect(rest.isResting(520)).toBe(true)
  expect(rest.admit(1_510).kind).toBe('go')
  rest.succeeded()
  expect(rest.admit(1_510).kind).toBe('go')
  expect(rest.admit(1_510).kind).toBe('go')
  expect(rest.isResting(1_510)).toBe(false)
})

test('a success in between starts the count anew', () => {
  const rest = new ChannelRest()
  for (let i = 0; i < 20; i++) {
    rest.failed(0)
    if (i % 4 === 3) rest.succeeded()
  }
  expect(rest.admit(0).kind).toBe('go')
})

test('a receiver that asks to be left alone is, but never for long by one answer', () => {
  const rest = new ChannelRest()
  rest.failed(1_000, 2_000)
  expect(rest.admit(1_000)).toEqual({ kind: 'wait', forMs: 2_000 })
  expect(rest.admit(3_000).kind).toBe('go')
  rest.failed(3_000, 86_400_000)
  expect(rest.admit(3_000)).toEqual({ kind: 'wait', forMs: 15_000 })
})
