import { describe, expect, test } from 'vitest'
import { byPlace, decodeCursor, encodeCursor } from './cursor.ts'

describe('a cursor', () => {
  test.each([
    { priority: 4_200, id: 'cust-42' },
    { priority: 0, id: 'שלום/🦖 "\\\n' },
    { priority: 0.1 + 0.2, id: 'x' },
    { priority: 2 ** 52, id: 'ü'.repeat(128) },
  ])('brings its place back: %j', (place) => {
    const text = encodeCursor('at_risk', place)
    expect(text).toMatch(/^[\w-]+$/)
    expect(decodeCursor('at_risk', text)).toEqual(place)
    expect(decodeCursor('lapsed', text)).toBeUndefined()
  })

  test.each([
    '',
    'xyz',
    '[]',
    btoa('["at_risk"]'),
    btoa('["at_risk","1","a"]'),
    btoa('["at_risk",1,""]'),
    btoa('["at_risk",null,"a"]'),
    btoa('["at_risk",1,"\\ud800"]'),
    btoa('{"band":"at_risk"}'),
  ])('%j is none', (text) => {
    expect(decodeCursor('at_risk', text)).toBeUndefined()
  })
})

test('places are ordered as Redis orders them backwards: by priority, equals by the bytes of the id', () => {
  // U+FF61 comes before U+1F995 in bytes, and after it in UTF-16 units.
  const places = ['a', 'ab', '', '🦕', '｡', 'b'].map((id) => ({ priority: 1, id }))
  const ordered = [...places, { priority: 2, id: 'a' }].sort(byPlace)
  expect(ordered.map(({ priority, id }) => `${priority}${id}`)).toEqual(['2a', '1🦕', '1｡', '1b', '1ab', '1a', '1'])
})
