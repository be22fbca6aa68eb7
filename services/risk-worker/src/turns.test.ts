import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('one thing is done at a time, in the order of asking, also after one that failed', async () => {
  const turns = new Turns()
  const seen: string[] = []
  const take = (name: string, fails = false) =>
    turns.take(async () => {
      seen.push(`${name} begins`)
      await Promise.resolve()
      seen.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const results = await Promise.allSettled([take('first'), take('second', true), take('third')])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends'])
})
