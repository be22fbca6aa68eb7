import { expect, test } from 'vitest'
import { eventually } from './eventually.ts'

test('waits for the condition and gives its value, 0 included', async () => {
  let looks = 0
  const value = await eventually(() => (++looks < 3 ? undefined : 0), { everyMs: 1 })
  expect([value, looks]).toEqual([0, 3])
})

test('a failing expectation is retried and, in the end, is what is thrown', async () => {
  let looks = 0
  await eventually(() => expect(++looks).toBe(2) ?? true, { everyMs: 1 })
  await expect(eventually(() => expect(1).toBe(2), { timeoutMs: 5, everyMs: 1 })).rejects.toThrow('expected 1 to be 2')
  await expect(eventually(() => false, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow('still false')
})
