import { describe, expect, test } from 'vitest'
import { planCutoffs } from './plan.ts'

const DAY = 86_400_000
const days = (...list: number[]) => list.map((day) => day * DAY)
const HORIZON = 90 * DAY

describe('the plan of cutoffs', () => {
  test('judges candidates only where all that they learned from was known', () => {
    const plan = planCutoffs(days(150, 0, 30, 60, 90, 120), 250 * DAY, HORIZON)
    expect(plan.training).toEqual(days(0, 30, 60, 90, 120, 150))
    expect(plan.windows).toEqual([
      { validation: 90 * DAY, learnFrom: days(0) },
      { validation: 120 * DAY, learnFrom: days(0, 30) },
      { validation: 150 * DAY, learnFrom: days(0, 30, 60) },
    ])
  })

  test('has no window where cutoffs lie too close, but the test', () => {
    expect(planCutoffs(days(0, 30), 120 * DAY, HORIZON)).toMatchObject({ windows: [], test: 120 * DAY })
  })

  test('refuses labels that reach past the test cutoff, naming the cutoff and a better one', () => {
    expect(() => planCutoffs(days(0, 31), 120 * DAY, HORIZON)).toThrow(
      expect.objectContaining({
        code: 'leaks',
        message: expect.stringMatching(/after 1970-02-01.*no later than 1970-01-31/),
      }),
    )
  })

  test('refuses to go unmeasured, saying which test cutoff would do', () => {
    expect(() => planCutoffs(days(0, 30), undefined, HORIZON)).toThrow(
      expect.objectContaining({ code: 'too_little_data', message: expect.stringContaining('1970-05-01') }),
    )
    expect(planCutoffs(days(0, 90), undefined, HORIZON).windows).toHaveLength(1)
  })
})
