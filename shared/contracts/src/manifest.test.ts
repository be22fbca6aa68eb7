import { describe, expect, it } from 'vitest'
import { type Manifest, type ManifestValue, parseManifest } from './manifest.ts'

const manifest: Manifest = {
  version: '2026-11-01-a',
  createdAt: '2026-11-01T10:00:00Z',
  learnedFrom: 'generated-shop',
  featureTableVersion: 1,
  currency: 'EUR',
  horizonDays: 90,
  thresholds: { watchLogit: -0.5, atRiskLogit: 0.4, marginLogit: 0.2 },
  features: [{ name: 'recency_days', weight: 0.01, mean: 40, scale: 30 }],
  bias: -1.2,
  ridge: 1000,
  dataSpan: { from: '2024-01-01T00:00:00Z', to: '2026-10-01T00:00:00Z' },
  trainingCutoffs: ['2026-04-01T00:00:00Z'],
  evaluationCutoffs: ['2026-07-01T00:00:00Z'],
  metrics: {
    n: 5000,
    baseRate: 0.4,
    auc: 0.78,
    logLoss: 0.55,
    brier: 0.19,
    ceilings: { latent: 0.85, posterior: 0.8 },
  },
}

const value: ManifestValue = {
  horizonDays: 365,
  yearlyDiscount: 0.1,
  bgNbd: { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 },
  gammaGamma: { p: 6.25, q: 3.74, gamma: 15.44 },
  fittedAt: '2026-04-01T00:00:00Z',
  customers: 2357,
  repeatCustomers: 946,
}

describe('parseManifest', () => {
  it('passes a manifest through JSON unchanged', () => {
    expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest)
  })

  it('passes what customers will be worth, and does without', () => {
    expect(parseManifest(JSON.stringify({ ...manifest, value })).value).toEqual(value)
    expect(parseManifest(JSON.stringify(manifest)).value).toBeUndefined()
  })

  it.each<[object, string]>([
    [
      { value: { ...value, bgNbd: { ...value.bgNbd, r: 0 } } },
      'value.bgNbd.r: expected a number from 1e-7 to 1e9, got 0',
    ],
    [{ value: { ...value, gammaGamma: {} } }, 'value.gammaGamma.p: expected a number'],
    [{ version: '../up' }, 'version: expected a version'],
    [{ thresholds: { ...manifest.thresholds, watchLogit: 1 } }, 'thresholds: watchLogit must be below atRiskLogit'],
    [{ features: [{ ...manifest.features[0], scale: 0 }] }, 'features.0.scale: expected a number above 0, got 0'],
    [{ bias: null }, 'bias: expected a number, got null'],
    [{ features: [] }, 'features: expected at least one feature'],
  ])('refuses %j', (change, fault) => {
    expect(() => parseManifest(JSON.stringify({ ...manifest, ...change }), 'champion')).toThrow(`champion:\n  ${fault}`)
  })

  it('says what is not JSON', () => {
    expect(() => parseManifest('{')).toThrow('model manifest: not JSON')
  })
})
