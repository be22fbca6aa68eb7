import { type OutboxEntry, packedEntries } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { HeldEntries } from './held-entries.ts'

const entry = (value: Buffer): OutboxEntry => ({ kind: 'job', header: 'proactive-outreach 1', value })
const idsOf = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `1-${from + i}`)
const commit = (count: number, from: number) => ({
  entries: packedEntries(Array.from({ length: count }, (_, i) => entry(Buffer.from(`${from + i}`)))),
  ids: idsOf(count, from),
})

test('pages may end within a commit, at its end, or behind it', () => {
  const held = new HeldEntries()
  held.add(commit(3, 0))
  held.add(commit(2, 3))
  const taken: string[] = []
  for (const count of [2, 1, 0, 5]) {
    const page = held.take(count)
    expect(page.map(({ value }) => `1-${value}`)).toEqual(page.map(({ id }) => id))
    taken.push(...page.map(({ id }) => id))
  }
  expect(taken).toEqual(idsOf(5))
  expect(held.length).toBe(0)
})

test('what was forgotten is not taken', () => {
  const held = new HeldEntries()
  held.add(commit(3, 0))
  held.add(commit(2, 3))
  held.forgetThrough('1-3')
  expect(held.length).toBe(1)
  expect(held.take(5).map(({ id }) => id)).toEqual(['1-4'])
})

test('there is room again as soon as the last entry of a commit has been taken', () => {
  const held = new HeldEntries()
  const large = { entries: packedEntries([entry(Buffer.alloc(40 * 2 ** 20))]), ids: idsOf(1) }
  expect(held.add(large)).toBe(true)
  expect(held.add(large)).toBe(false)
  expect(held.take(1)).toHaveLength(1)
  expect(held.add(large)).toBe(true)
})
