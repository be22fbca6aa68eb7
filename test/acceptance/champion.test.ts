import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseManifest } from '@holdfast/contracts'
import { repositoryRoot } from '@holdfast/local'
import { readTrainingRecord } from '@holdfast/trainer'
import { expect, test } from 'vitest'
import { z } from 'zod'

/** The model that comes with the repository. */
const CHAMPION = join(repositoryRoot(), 'models', 'v1')
const read = (name: string) => readFileSync(join(CHAMPION, name), 'utf8')

test('the manifest of the first champion says what it must', () => {
  const manifest = parseManifest(read('manifest.json'))
  expect(manifest).toMatchObject({ version: 'v1', learnedFrom: 'generated-shop', horizonDays: 90 })
  expect(manifest.featureTableVersion).toBeGreaterThan(0)
  expect(manifest.thresholds.watchLogit).toBeLessThan(manifest.thresholds.atRiskLogit)
  expect(manifest.features.every(({ mean, scale }) => Number.isFinite(mean) && scale > 0)).toBe(true)
  expect(Date.parse(manifest.dataSpan.from)).toBeLessThan(Date.parse(manifest.dataSpan.to))
  expect(manifest.metrics.auc).toBeGreaterThan(0.5)
})

test('the report of the first champion says how far its training has converged', () => {
  const { convergence } = z
    .object({ convergence: z.object({ converged: z.boolean(), gradientNorm: z.number() }) })
    .parse(JSON.parse(read('report.json')))
  expect(convergence.converged).toBe(true)
  expect(convergence.gradientNorm).toBeLessThan(1e-4)
})

test('the report of the first champion has its AUC beside two ceilings', () => {
  const { auc, ceilings } = parseManifest(read('manifest.json')).metrics
  expect(ceilings?.posterior).toBeGreaterThan(auc)
  expect(ceilings?.latent).toBeGreaterThan(ceilings?.posterior ?? 1)
  const row = (what: RegExp) => {
    const figures = read('report.md')
      .split('\n')
      .find((line) => what.test(line))
    return Number(/\d\.\d{3,}/.exec(figures ?? '')?.[0])
  }
  expect(row(/AUC of the model/)).toBeCloseTo(auc, 3)
  expect(row(/ceiling: posterior given the events alone/)).toBeCloseTo(ceilings?.posterior ?? 0, 3)
  expect(row(/ceiling: latent truth known/)).toBeCloseTo(ceilings?.latent ?? 0, 3)
})

test('the first champion says what customers will be worth, and what its training rows looked like', async () => {
  const { value, trainingCutoffs, features } = parseManifest(read('manifest.json'))
  expect(value).toMatchObject({ fittedAt: trainingCutoffs.at(-1), horizonDays: 365 })
  const training = await readTrainingRecord(CHAMPION)
  expect(training?.features.map(({ feature }) => feature)).toEqual(features.map(({ name }) => name))
  for (const { reference } of training!.features) expect(reference.shares).toHaveLength(reference.bounds.length + 1)
})
