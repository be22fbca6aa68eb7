import { expect, test } from 'vitest'
import { InvalidGuard } from './invalid-guard.ts'

const places = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test('says nothing before its window is full, and stops at more than one half of it', () => {
  const guard = new InvalidGuard(10)
  expect(guard.add(9, places(0, 9))).toBe(false)
  expect(guard.add(1, [])).toBe(true)
  const half = new InvalidGuard(10)
  expect(half.add(10, places(0, 5))).toBe(false)
  expect(half.add(1, [0])).toBe(false)
  expect(half.add(5, places(0, 5))).toBe(true)
})

test('of a batch larger than the window only its newest records count, in their order', () => {
  expect(new InvalidGuard(10).add(100, places(0, 90))).toBe(false)
  expect(new InvalidGuard(10).add(100, places(94, 100))).toBe(true)
  // Few of many, spread: their share counts, not that they are named apart.
  expect(
    new InvalidGuard(10).add(
      100,
      places(0, 33).map((i) => 3 * i),
    ),
  ).toBe(false)
})

test('after a pardon the same records pass, and it is armed again by a window of mostly good ones', () => {
  const guard = new InvalidGuard(10)
  const bad = () => guard.add(10, places(0, 10))
  expect(bad()).toBe(true)
  guard.pardon()
  expect([bad(), bad(), bad()]).toEqual([false, false, false])
  expect(guard.add(10, places(0, 5))).toBe(false)
  expect(bad()).toBe(true)
})

test('a pardon forgets what was good before it, too', () => {
  const guard = new InvalidGuard(10)
  guard.add(10, [])
  guard.pardon()
  expect(guard.add(1, [])).toBe(false)
  expect(guard.add(20, places(0, 20))).toBe(false)
})
