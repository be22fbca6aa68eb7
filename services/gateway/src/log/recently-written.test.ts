import { expect, test } from 'vitest'
import { RecentlyWritten } from './recently-written.ts'
import type { WrittenAt } from './topic-lane.ts'

const place = (offset: number): WrittenAt => ({ topic: 't', partition: 0, offset })
const never = (): Promise<WrittenAt> => {
  throw new Error('written again')
}

test('what was written is not written again, and its place is told', async () => {
  const recently = new RecentlyWritten(10)
  expect(await recently.once('a', async () => place(1)).at).toEqual(place(1))
  const again = recently.once('a', never)
  expect([await again.at, again.isDuplicate]).toEqual([place(1), true])
})

test('what is on its way is waited for', async () => {
  const recently = new RecentlyWritten(10)
  let arrive: (at: WrittenAt) => void = () => {}
  const first = recently.once('a', () => new Promise((resolve) => (arrive = resolve)))
  const second = recently.once('a', never)
  expect([first.isDuplicate, second.isDuplicate]).toEqual([false, true])
  arrive(place(7))
  expect(await Promise.all([first.at, second.at])).toEqual([place(7), place(7)])
})

test('what could not be written is told to all who wait, and written by the next', async () => {
  const recently = new RecentlyWritten(10)
  let fail: (error: Error) => void = () => {}
  const first = recently.once('a', () => new Promise((_, reject) => (fail = reject)))
  const second = recently.once('a', never)
  const both = Promise.allSettled([first.at, second.at])
  fail(new Error('no'))
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const third = recently.once('a', async () => place(2))
  expect([await third.at, third.isDuplicate]).toEqual([place(2), false])
})

test('no more is remembered than may be: the oldest is forgotten first', async () => {
  const recently = new RecentlyWritten(2)
  for (const [i, name] of ['a', 'b', 'c'].entries()) await recently.once(name, async () => place(i)).at
  expect(recently.once('c', never).isDuplicate).toBe(true)
  expect(recently.once('b', never).isDuplicate).toBe(true)
  expect(recently.once('a', async () => place(9)).isDuplicate).toBe(false)
})

test('with nothing to be remembered, only what is on its way is known', async () => {
  const recently = new RecentlyWritten(0)
  await recently.once('a', async () => place(1)).at
  expect(recently.once('a', async () => place(2)).isDuplicate).toBe(false)
})
