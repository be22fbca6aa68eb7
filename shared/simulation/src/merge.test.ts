import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Life, mergeLives } from './merge.ts'

interface Happening {
  readonly at: number
  readonly index: number
}

/** A life with fixed instants; several may fall together. */
function lifeOf(index: number, times: readonly number[]): Life<Happening> {
  let done = 0
  return {
    index,
    get nextAt() {
      return times[done] ?? Number.POSITIVE_INFINITY
    },
    step(out) {
      out.push({ at: times[done] ?? Number.NaN, index })
      done++
    },
  }
}

const ascending = (times: readonly number[]): number[] => [...times].sort((a, b) => a - b)
const manyTimes = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 20 }).map(ascending)

test('a merge is a sort by time, then customer, cut off at the end', () => {
  fc.assert(
    fc.property(fc.array(manyTimes, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), (all, until) => {
      const inOrderOfArrival = all.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
      const merged = [...mergeLives(inOrderOfArrival.map((times, i) => lifeOf(i, times)).values(), until)]
      const sorted = inOrderOfArrival
        .flatMap((times, index) => times.map((at) => ({ at, index })))
        .filter(({ at }) => at < until)
        .sort((a, b) => a.at - b.at || a.index - b.index)
      expect(merged).toEqual(sorted)
    }),
  )
})

test('a customer is only taken when the time has come', () => {
  let taken = 0
  function* arrivals() {
    for (let index = 0; index < 100; index++) {
      taken++
      yield lifeOf(index, [index * 10, index * 10 + 5])
    }
  }
  const stream = mergeLives(arrivals(), 1000)
  for (let i = 0; i < 10; i++) stream.next()
  expect(taken).toBeLessThan(8)
})
