import { setFlagsFromString } from 'node:v8'
import { expect, test } from 'vitest'
import 'ioredis'
import { makeStringsFast } from './fast-strings.ts'

test('texts are fast again after ioredis was loaded, whoever else extends String later', () => {
  setFlagsFromString('--allow-natives-syntax')
  const isFast: () => boolean = () => Boolean(new Function('return %HasFastProperties(String.prototype)')())
  makeStringsFast()
  expect(isFast()).toBe(true)
  class Text extends String {}
  expect(new Text('a').length).toBe(1)
  expect(isFast()).toBe(true)
})
