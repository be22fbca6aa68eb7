import { expect, test } from 'vitest'
import { findFault } from './faults.ts'

test('a number that JSON cannot write again is found wherever it is', () => {
  expect(findFault(JSON.parse('{"a":[1,{"b":1e999}],"c":2}'))).toMatchObject({ field: 'a.1.b' })
  expect(findFault(JSON.parse('{"a":[1,{"b":1e308}],"c":null,"d":"1e999"}'))).toBeUndefined()
})

test('nesting is followed as deep as any event needs, and no deeper', () => {
  const nested = (depth: number) => JSON.parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)
  expect(findFault(nested(31))).toBeUndefined()
  expect(findFault(nested(32))).toMatchObject({ field: 'a' })
  expect(findFault(nested(200_000))).toMatchObject({ field: 'a', reason: 'nested more than 32 deep' })
})
