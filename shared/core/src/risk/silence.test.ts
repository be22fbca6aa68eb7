import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { see } from '../features/sight.ts'
import { arbitrarySilence } from '../oracle/arbitrary-risk.ts'
import { MINUTE_MS } from '../time.ts'
import { SilentLogit, type Target } from './silence.ts'

test('a crossing is found in a handful of samples, whatever the model', () => {
  const asked: number[] = []
  fc.assert(
    fc.property(arbitrarySilence(fc.constant(30)), ({ state, at, model }) => {
      const silent = new SilentLogit(see(state, at), model)
      const from = Math.ceil(at / MINUTE_MS)
      const to = from + 28 * 24 * 60
      const [first, last] = [silent.sample(from).logit, silent.sample(to).logit]
      const threshold = (first + last) / 2
      if (Math.abs(last - first) < 0.01) return
      const sign = Math.sign(last - first)
      const taken = vi.spyOn(silent, 'sample')
      const target: Target = {
        isHit: ({ logit }) => sign * (logit - threshold) >= 0,
        isOut: (low, high) => (sign > 0 ? high < threshold : low > threshold),
        edge: () => threshold,
      }
      const found = silent.first(from, to, target, false)
      expect(found.kind).toBe('hit')
      asked.push(taken.mock.calls.length)
    }),
    { numRuns: 200, seed: 1 },
  )
  asked.sort((a, b) => a - b)
  expect(asked.length).toBeGreaterThan(100)
  // Halving alone takes 17 and 20.
  expect(asked[asked.length >> 1]).toBeLessThanOrEqual(14)
  expect(asked[Math.floor(asked.length * 0.9)]).toBeLessThanOrEqual(18)
})
