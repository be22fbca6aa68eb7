import { describe, expect, test } from 'vitest'
import { ChangeRing } from './ring.ts'

const filled = (capacity: number, changes: number) => {
  const ring = new ChangeRing(capacity, 'e1')
  for (let i = 1; i <= changes; i++) ring.push('risk_changed', String(i))
  return ring
}
const data = (changes: readonly { data: string }[] | undefined) => changes?.map((change) => change.data)

describe('what came after a change', () => {
  test.each([
    [0, 3, ['1', '2', '3']],
    [2, 3, ['3']],
    [3, 3, []],
    [3, 7, ['4', '5', '6', '7']],
    [2, 7, undefined],
    [0, 100, undefined],
  ])('seen %d of %d, with room for four', (seen, pushed, expected) => {
    expect(data(filled(4, pushed).after(seen, 100))).toEqual(expected)
  })

  test('is given in pieces', () => {
    expect(data(filled(10, 9).after(2, 3))).toEqual(['3', '4', '5'])
  })
})

describe('an id', () => {
  test.each([
    ['e1-7', 7],
    ['e1-3', 3],
    ['e1-2', undefined],
    ['e1-8', undefined],
    ['e2-7', undefined],
    ['7', undefined],
    ['', undefined],
    ['e1--1', undefined],
  ])('%j after seven changes with room for four: %s', (id, sequence) => {
    expect(filled(4, 7).resume(id)).toBe(sequence)
  })

  test('of a change brings it back', () => {
    const ring = filled(4, 7)
    for (const change of ring.after(3, 10) ?? []) expect(ring.resume(ring.idOf(change))).toBe(change.sequence)
  })
})

describe('waiting', () => {
  const forever = new AbortController().signal

  test('ends with the next change', async () => {
    const ring = filled(4, 0)
    const woken = [ring.wait(60_000, forever), ring.wait(60_000, forever)]
    ring.push('forgotten', '{}')
    expect(await Promise.all(woken)).toEqual(['news', 'news'])
  })

  test('ends in silence, and when aborted', async () => {
    const ring = filled(4, 0)
    const abort = new AbortController()
    const aborted = ring.wait(60_000, abort.signal)
    expect(await ring.wait(1, forever)).toBe('quiet')
    abort.abort()
    expect(await aborted).toBe('aborted')
    expect(await ring.wait(60_000, abort.signal)).toBe('aborted')
  })
})
