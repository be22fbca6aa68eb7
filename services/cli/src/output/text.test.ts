import { expect, test } from 'vitest'
import { barLine, progressBar } from './progress-bar.ts'
import { instant, money, plural, relative, span, table, withoutPassword } from './text.ts'

test('a table has texts flush left, numbers flush right, and nothing at the end of a line', () => {
  expect(
    table([
      ['customers', 12_345, ''],
      ['  at risk', 7, 'of late'],
    ]),
  ).toBe('customers  12,345\n  at risk       7  of late')
})

test('spans name their two largest units', () => {
  expect([300, 5_000, 65_000, 3_600_000, 90_000_000, 74 * 86_400_000].map(span)).toEqual([
    '0.3 s',
    '5 s',
    '1 min 5 s',
    '1 h',
    '1 d 1 h',
    '74 d',
  ])
})

test('instants are told against now, and one that never was is a dash', () => {
  expect(relative(1_000_000, 1_000_100)).toBe('now')
  expect(relative(0, 65_000)).toBe('1 min 5 s ago')
  expect(relative(86_400_000, 0)).toBe('in 1 d')
  expect(instant(-1)).toBe('-')
  expect(instant(Date.UTC(2026, 0, 31, 10))).toBe('2026-01-31 10:00:00Z')
})

test('amounts, counts and URLs read as people write them', () => {
  expect(money(123_456, 'EUR')).toBe('1,234.56 EUR')
  expect(plural(1, 'event')).toBe('1 event')
  expect(plural(0, 'event')).toBe('0 events')
  expect(withoutPassword('redis://me:secret@host:1')).not.toContain('secret')
})

test('a bar shows share, rate and what is left', () => {
  expect(barLine('rows', 0.25, 12_000, 3_000)).toBe('rows  [######------------------]  25 %  12,000  4,000/s  9 s left')
})

test('a bar is drawn on terminals only, and not at every row', () => {
  let time = 0
  const lines: string[] = []
  const screen = { isTTY: true, columns: 200, write: (text: string) => lines.push(text) }
  const bar = progressBar('rows', screen, () => time)
  for (let row = 1; row <= 1_000; row++) {
    time = row
    bar.update(row / 1_000, row)
  }
  expect(lines.length).toBe(10)
  const quiet = progressBar('rows', { ...screen, isTTY: false }, () => time)
  quiet.update(0.5, 1)
  quiet.end()
  expect(lines.length).toBe(10)
})
