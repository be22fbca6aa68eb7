import { fitLogistic, loadBackend } from '@holdfast/scorer'
import { expect, test } from 'vitest'
import { mulberry32 } from '../report/bootstrap.ts'
import { standardErrors } from './uncertainty.ts'

test('the stated error of a weight is the spread of the weight over many samples', async () => {
  const backend = await loadBackend({ forced: 'cpu' })
  const random = mulberry32(3)
  const n = 400
  const weights: number[] = []
  const stated: number[] = []
  for (let sample = 0; sample < 60; sample++) {
    const x = Float32Array.from({ length: n * 2 }, () => random() + random() + random() - 1.5)
    const y = Uint8Array.from({ length: n }, (_, i) =>
      Number(random() < 1 / (1 + Math.exp(-(1.5 * x[2 * i]! + 0.5 * x[2 * i + 1]!)))),
    )
    const fit = fitLogistic(backend, { x, y, features: 2 }, { l2: 1e-6 })
    weights.push(fit.standardised.weights[0]!)
    stated.push(standardErrors(fit, x, n, 1e-6)[0]!)
  }
  const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length
  const spread = Math.sqrt(weights.reduce((sum, w) => sum + (w - mean) ** 2, 0) / (weights.length - 1))
  const said = stated.reduce((sum, s) => sum + s, 0) / stated.length
  // The spread of 60 samples is itself uncertain by a tenth.
  expect(said / spread).toBeGreaterThan(0.75)
  expect(said / spread).toBeLessThan(1.33)
}, 60_000)
