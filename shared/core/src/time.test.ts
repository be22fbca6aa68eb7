import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS, monthIndex, monthName, monthStart } from './time.ts'

const END = Date.UTC(2101, 0, 1)

test('the month of any instant from 1970 to 2100 is the calendar of Date', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: END - 1 }), (at) => {
      const date = new Date(at)
      expect(monthIndex(at)).toBe((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth())
    }),
    { numRuns: 20_000 },
  )
})

test('every month from 1970 to 2100 starts where Date says, one millisecond after the month before', () => {
  for (let month = 0; month < 131 * 12; month++) {
    const start = Date.UTC(1970, month, 1)
    expect(monthStart(month)).toBe(start)
    expect(monthIndex(start)).toBe(month)
    expect(monthIndex(start - 1)).toBe(month - 1)
    expect(monthIndex(start + 28 * DAY_MS - 1)).toBe(month)
    expect(monthName(month)).toBe(new Date(start).toISOString().slice(0, 7))
  }
})
