import { describe, expect, test } from 'vitest'
import { auc, averagePrecision, brier, calibrationError, logLoss, reliability } from '../metrics/index.ts'
import { compare, Judge, mulberry32 } from './bootstrap.ts'

const random = mulberry32(7)
const n = 400
// Rounded, so that there are ties.
const probabilities = Float64Array.from({ length: n }, () => Math.round(random() * 50) / 50)
const labels = Uint8Array.from(probabilities, (p) => Number(random() < p))

describe('one pass over counted rows', () => {
  const judge = new Judge({ name: 'm', probabilities }, labels)

  test('gives what the plain metrics give', () => {
    const quality = judge.quality(new Uint16Array(n).fill(1))
    expect(quality.auc).toBeCloseTo(auc(probabilities, labels), 12)
    expect(quality.prAuc).toBeCloseTo(averagePrecision(probabilities, labels), 12)
    expect(quality.logLoss).toBeCloseTo(logLoss(probabilities, labels), 12)
    expect(quality.brier).toBeCloseTo(brier(probabilities, labels), 12)
    expect(quality.ece).toBeCloseTo(calibrationError(reliability(probabilities, labels)), 12)
  })

  test('a row that counts three times is three rows', () => {
    const counts = Uint16Array.from(labels, (_, i) => i % 4)
    const rows = [...labels.keys()].flatMap((i) => Array<number>(counts[i]!).fill(i))
    const repeated = new Judge(
      { name: 'm', probabilities: rows.map((i) => probabilities[i]!) },
      Uint8Array.from(rows, (i) => labels[i]!),
    )
    const expected = repeated.quality(new Uint16Array(rows.length).fill(1))
    for (const [key, value] of Object.entries(judge.quality(counts))) {
      expect(value, key).toBeCloseTo(expected[key as keyof typeof expected], 10)
    }
  })

  test('lift counts the churn of the highest tenth, and of a tie that reaches beyond it its share', () => {
    const best = Uint8Array.from({ length: 20 }, (_, i) => (i < 2 ? 1 : i % 2))
    const scores = Float64Array.from({ length: 20 }, (_, i) => (i < 2 ? 0.9 : 0.1))
    const ones = new Uint16Array(20).fill(1)
    expect(new Judge({ name: 'm', probabilities: scores }, best).quality(ones).lift10).toBeCloseTo(1 / (11 / 20), 12)
    const flat = new Judge({ name: 'm', probabilities: new Float64Array(20).fill(0.5) }, best)
    expect(flat.quality(ones).lift10).toBeCloseTo(1, 12)
  })
})

test('intervals hold the figure, leads are paired, and the same seed gives the same', () => {
  const worse = Float64Array.from(probabilities, (p, i) => (i % 3 === 0 ? 0.5 : p))
  const twice = [0, 1].map(() =>
    compare(
      [
        { name: 'a', probabilities },
        { name: 'b', probabilities: worse },
      ],
      labels,
      200,
    ),
  )
  expect(twice[0]).toEqual(twice[1])
  const [a, b] = twice[0]!
  expect(a!.lead).toBeUndefined()
  for (const { value, low, high } of [a!.quality.auc, a!.quality.logLoss, b!.quality.auc]) {
    expect(low).toBeLessThan(value)
    expect(high).toBeGreaterThan(value)
  }
  expect(b!.lead!.auc.value).toBeCloseTo(a!.quality.auc.value - b!.quality.auc.value, 12)
  // Paired, the lead is far more certain than either figure.
  expect(b!.lead!.auc.low).toBeGreaterThan(0)
  expect(b!.lead!.auc.high - b!.lead!.auc.low).toBeLessThan(a!.quality.auc.high - a!.quality.auc.low)
})
