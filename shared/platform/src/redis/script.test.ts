import { expect, test } from 'vitest'
import { defineScript, hashTag } from './script.ts'

test.each([
  ['hf:{3}:1:state', '3'],
  ['plain', 'plain'],
  ['empty{}tag{x}', 'empty{}tag{x}'],
  ['open{only', 'open{only'],
  ['two{a}{b}', 'a'],
  ['}x{y}', 'y'],
])('the hash tag of %j is %j', (key, tag) => {
  expect(hashTag(key)).toBe(tag)
})

test('keys become locals of the script, in order', () => {
  const script = defineScript({ name: 'move', keys: ['from', 'to'], lua: 'return 1', reply: Number })
  expect(script.lua).toBe('local key_from, key_to = KEYS[1], KEYS[2]\nreturn 1')
})
