import { describe, expect, test } from 'vitest'
import { splitByTime } from './split.ts'

const DAY = 86_400_000
const request = { logStart: 0, logEnd: 900 * DAY, horizonMs: 90 * DAY }

describe('split by time', () => {
  const split = splitByTime(request)

  test('no label looks past the cutoff of the part that follows', () => {
    for (const cutoff of split.selection) expect(cutoff + request.horizonMs).toBeLessThanOrEqual(split.validation)
    for (const cutoff of split.training) expect(cutoff + request.horizonMs).toBeLessThanOrEqual(split.test)
    expect(split.test + request.horizonMs).toBeLessThanOrEqual(request.logEnd)
  })

  test('uses the newest data there is, a month apart, after a warm-up', () => {
    expect(split.test).toBe(810 * DAY)
    expect(split.validation).toBe(720 * DAY)
    expect(split.training.at(-1)).toBe(split.validation)
    expect(split.training.every((cutoff, i) => i === 0 || cutoff - split.training[i - 1]! === 30 * DAY)).toBe(true)
    expect(split.training[0]).toBeGreaterThanOrEqual(90 * DAY)
    expect(split.training).toHaveLength(22)
    expect(split.selection).toEqual(split.training.slice(0, -3))
  })

  test('a log that is too short is refused with the length that would do', () => {
    expect(() => splitByTime({ ...request, logEnd: 359 * DAY })).toThrow(
      expect.objectContaining({ code: 'too_little_data', message: expect.stringMatching(/spans 359 days.*needs 360/) }),
    )
    expect(splitByTime({ ...request, logEnd: 360 * DAY }).selection).toHaveLength(1)
  })
})
