import { expect, test } from 'vitest'
import { colours, mayColour, withoutColours } from './colour.ts'
import { table } from './text.ts'

test('colours only on a terminal, unless somebody says otherwise', () => {
  const terminal = { isTTY: true }
  expect(mayColour(terminal, {})).toBe(true)
  expect(mayColour({}, {})).toBe(false)
  expect(mayColour(terminal, { TERM: 'dumb' })).toBe(false)
  expect(mayColour(terminal, { NO_COLOR: '1' })).toBe(false)
  // An empty NO_COLOR says nothing.
  expect(mayColour(terminal, { NO_COLOR: '' })).toBe(true)
  expect(mayColour({}, { FORCE_COLOR: '1' })).toBe(true)
  expect(mayColour(terminal, { FORCE_COLOR: '0' })).toBe(false)
  expect(mayColour(terminal, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
})

test('a colour takes no room in a table, and leaves nothing when it is off', () => {
  const { red } = colours(true)
  expect(red('DOWN')).toBe('\x1b[31mDOWN\x1b[39m')
  expect(colours(false).red('DOWN')).toBe('DOWN')
  const rows = (paint: (text: string) => string) => [
    ['a', paint('DOWN'), 'x'],
    ['b', 'running', 'y'],
  ]
  expect(withoutColours(table(rows(red)))).toBe(table(rows((text) => text)))
})
