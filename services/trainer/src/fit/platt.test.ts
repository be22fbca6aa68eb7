import { describe, expect, test } from 'vitest'
import { mulberry32 } from '../report/bootstrap.ts'
import { choosePlatt, fitPlatt, NO_STEP } from './platt.ts'

/** Logits that are `said` where the truth is `slope · said + shift`. */
function window(cutoff: number, slope: number, shift: number, seed: number) {
  const random = mulberry32(seed)
  const logits = Float64Array.from({ length: 6_000 }, () => 6 * random() - 3)
  const labels = Uint8Array.from(logits, (z) => Number(random() < 1 / (1 + Math.exp(-(slope * z + shift)))))
  return { cutoff, logits, labels }
}

test('finds the line that the labels come from', () => {
  const { logits, labels } = window(0, 0.5, -1, 1)
  const { slope, shift } = fitPlatt(logits, labels)
  expect(Math.abs(slope - 0.5)).toBeLessThan(0.05)
  expect(Math.abs(shift + 1)).toBeLessThan(0.1)
})

describe('is kept only where it helps out of time', () => {
  const horizon = 90

  test('what both windows show is put right', () => {
    const { applied, step, why } = choosePlatt([window(0, 0.5, 0, 1), window(90, 0.5, 0, 2)], horizon)
    expect(applied).toBe(true)
    expect(Math.abs(step.slope - 0.5)).toBeLessThan(0.05)
    expect(why).toContain('lowers')
  })

  test('what only the earlier window shows, or none, is left alone', () => {
    expect(choosePlatt([window(0, 0.5, 1, 1), window(90, 1, 0, 2)], horizon)).toMatchObject({
      applied: false,
      step: NO_STEP,
    })
    expect(choosePlatt([window(0, 1, 0, 1), window(90, 1, 0, 2)], horizon).applied).toBe(false)
  })

  test('windows that overlap, or one alone, prove nothing', () => {
    expect(choosePlatt([window(0, 0.5, 0, 1), window(89, 0.5, 0, 2)], horizon).applied).toBe(false)
    expect(choosePlatt([], horizon)).toMatchObject({ applied: false, step: NO_STEP })
  })
})
