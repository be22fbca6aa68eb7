import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTime, parseTime } from './time.ts'

const padded = (day: number) => String(day).padStart(2, '0')

describe('formatTime', () => {
  it('writes what Date writes, of every instant, whole or not', () => {
    const instant = fc.oneof(
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
      fc.double({ min: -6.2e13, max: 2.5e14, noNaN: true }),
      fc.constantFrom(0, -0, -1, -0.5, 0.999, 8.64e15, -8.64e15),
    )
    fc.assert(
      fc.property(instant, (ms) => {
        expect(formatTime(ms)).toBe(new Date(ms).toISOString())
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.65e15])('%d is no instant', (ms) => {
    expect(() => formatTime(ms)).toThrow(RangeError)
  })
})

describe('parseTime', () => {
  it.each(['2026-01', '2026-03', '2026-12'])(
    'no day of %s beyond 31 is taken for another that was read right before',
    (month) => {
      for (let day = 1; day <= 31; day++) {
        expect(parseTime(`${month}-${padded(day)}T10:00:00Z`)).not.toBeNaN()
        for (let other = 32; other <= 99; other++) expect(parseTime(`${month}-${other}T10:00:00Z`)).toBeNaN()
      }
    },
  )

  it('agrees with Date on every instant that Date can write', () => {
    const instant = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(instant, (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime())
      }),
    )
  })

  it.each([
    ['2026-11-01T10:00:00+05:30', '2026-11-01T04:30:00.000Z'],
    ['2026-11-01t10:00:00.5-08:00', '2026-11-01T18:00:00.500Z'],
    ['2024-02-29T23:59:59.123456789z', '2024-02-29T23:59:59.123Z'],
  ])('%s', (text, utc) => {
    expect(formatTime(parseTime(text))).toBe(utc)
  })

  it.each([
    '2026-11-01',
    '2026-11-01T10:00:00',
    '2026-11-01 10:00:00Z',
    '2026-11-01T10:00Z',
    '2026-11-01T24:00:00Z',
    '2026-11-01T10:60:00Z',
    '2026-11-01T10:00:60Z',
    '2026-13-01T10:00:00Z',
    '2026-00-01T10:00:00Z',
    '2026-02-29T10:00:00Z',
    '1900-02-29T10:00:00Z',
    '2026-11-01T10:00:00.Z',
    '2026-11-01T10:00:00+0100',
    '2026-11-01T10:00:00+24:00',
    '2026-11-01T10:00:00Z ',
    '+02026-11-01T10:00:00Z',
    '2026-11-0aT10:00:00Z',
    `2026-11-01T10:00:00.${'1'.repeat(64)}Z`,
    '',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeNaN()
  })
})
