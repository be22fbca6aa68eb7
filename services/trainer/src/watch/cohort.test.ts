import { expect, test } from 'vitest'
import { type Cohort, cohortName, earliestMaturity, packCohort, unpackCohort } from './cohort.ts'

const DAY = 86_400_000
const cohort: Cohort = {
  model: { version: 'v3', digest: 'ab'.repeat(32) },
  horizonDays: 90,
  at: Date.UTC(2026, 10, 22, 17, 4),
  ids: ['cust-1', 'Ωmega/2', ''],
  probabilities: Float32Array.of(0.1, 1 / 3, 1),
}

test('what is unpacked is what was packed, to the last bit of a float32', () => {
  expect(unpackCohort(packCohort(cohort))).toEqual(cohort)
  const nobody = { ...cohort, ids: [], probabilities: new Float32Array(0) }
  expect(unpackCohort(packCohort(nobody))).toEqual(nobody)
})

test('two thousand customers are some tens of kilobytes', () => {
  const ids = Array.from({ length: 2_000 }, (_, i) => `customer-${(i * 7_919) % 1_000_003}`)
  const packed = packCohort({ ...cohort, ids, probabilities: Float32Array.from(ids, (_, i) => Math.abs(Math.sin(i))) })
  expect(packed.length).toBeLessThan(50_000)
})

test('a flipped bit, a cut or another text is an error, wherever it is', () => {
  const packed = packCohort(cohort)
  // The head of ten bytes tells the time and the system, which nobody reads.
  for (let i = 10; i < packed.length; i++) {
    const flipped = Buffer.from(packed)
    flipped[i]! ^= 4
    expect(() => unpackCohort(flipped), `byte ${i}`).toThrow()
  }
  expect(() => unpackCohort(packed.subarray(0, -1))).toThrow()
  expect(() => unpackCohort(Buffer.from('rubbish'))).toThrow()
  const short = packCohort({ ...cohort, probabilities: Float32Array.of(0.5) })
  expect(() => unpackCohort(short)).toThrow('3 customers do not go with 1 probabilities')
})

test('the name tells the day and the first instant at which it can be judged', () => {
  expect(cohortName(cohort)).toBe('2026-11-22+90d')
  const earliest = earliestMaturity('2026-11-22+90d')!
  expect(earliest).toBe(Date.UTC(2026, 10, 22) + 90 * DAY)
  expect(earliest).toBeLessThanOrEqual(cohort.at + 90 * DAY)
  for (const other of ['', '2026-11-22', '2026-13-45+90d', 'pointers']) expect(earliestMaturity(other)).toBeUndefined()
})
