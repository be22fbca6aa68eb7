import { FEATURES } from '@holdfast/core'
import { loadBackend } from '@holdfast/scorer'
import { DAY_MS, DEFAULT_SETTINGS, learn, mulberry32, planCutoffs } from '@holdfast/trainer'

const CUTOFF_DAYS = [0, 30, 60, 90, 120, 150]
const TEST_DAY = 250
const ROWS_A_CUTOFF = 33_334

/** How long it takes from rows to a measured model, all choices included, on made-up rows of correlated features. */
export async function measureTraining() {
  const backend = await loadBackend()
  const random = mulberry32(1)
  const weights = Float64Array.from(FEATURES, () => 0.2 * (random() - 0.5))
  const cutoffs = [...CUTOFF_DAYS, TEST_DAY].map((day) => (10_000 + day) * DAY_MS)
  const snapshots = cutoffs.map((cutoff) => snapshotAt(cutoff, weights, random))
  const began = performance.now()
  const { facts, fit } = learn({
    backend,
    snapshots,
    plan: planCutoffs(cutoffs.slice(0, -1), cutoffs.at(-1), 90 * DAY_MS),
    settings: DEFAULT_SETTINGS,
  })
  const { gradientNorm, converged } = fit
  return {
    rows: facts.rows,
    seconds: (performance.now() - began) / 1_000,
    backend: backend.name,
    gradientNorm,
    converged,
  }
}

function snapshotAt(cutoff: number, weights: Float64Array, random: () => number) {
  const width = weights.length
  const x = new Float32Array(ROWS_A_CUTOFF * width)
  const y = new Uint8Array(ROWS_A_CUTOFF)
  for (let i = 0; i < ROWS_A_CUTOFF; i++) {
    const shared = 4 * random() - 2
    let logit = 0
    for (let j = 0; j < width; j++) {
      const value = 0.7 * shared + 2 * random() - 1 + (j % 3)
      x[i * width + j] = value
      logit += weights[j]! * value
    }
    y[i] = random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0
  }
  const customers = Array.from(y, (_, i) => `c${i}`)
  return { cutoff, customers, x, y, lapsed: y.map((_, i) => (i % 4 === 0 ? 1 : 0)) }
}
