import { expect, test } from 'vitest'
import { HoldfastError } from './errors.ts'
import { retry } from './retry.ts'

test('backs off up to a bound, with jitter, and returns what finally came', async () => {
  const pauses: number[] = []
  const result = await retry(
    async (attempt) => {
      if (attempt < 6) throw new Error('not yet')
      return attempt
    },
    { attempts: 6, baseMs: 2, maxMs: 8, random: () => 0.5, onRetry: (_, __, ms) => pauses.push(ms) },
  )
  expect(result).toBe(6)
  expect(pauses).toEqual([1, 2, 4, 4, 4])
})

test('gives the last error when the attempts are used up', async () => {
  await expect(
    retry((attempt) => Promise.reject(new Error(`attempt ${attempt}`)), { attempts: 3, baseMs: 0 }),
  ).rejects.toThrow('attempt 3')
})

test('does not repeat what cannot succeed', async () => {
  let calls = 0
  const fail = () => {
    calls++
    return Promise.reject(new HoldfastError({ code: 'WRONG_PASSWORD', message: 'refused' }))
  }
  await expect(retry(fail)).rejects.toThrow('refused')
  expect(calls).toBe(1)
})

test('an abort ends the waiting with its own reason', async () => {
  const controller = new AbortController()
  const running = retry(() => Promise.reject(new Error('down')), {
    attempts: Number.POSITIVE_INFINITY,
    baseMs: 60_000,
    random: () => 1,
    signal: controller.signal,
    onRetry: () => controller.abort(new Error('stopping')),
  })
  await expect(running).rejects.toThrow('stopping')
})
