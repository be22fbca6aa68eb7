import { createDecoder, type Manifest } from '@holdfast/contracts'
import { FEATURES, probabilityOf } from '@holdfast/core'
import { type OpenVersion, readVersion, riskModelOf, type Scorer } from '@holdfast/scorer'
import { generateShop } from '@holdfast/simulation'
import { beforeAll, expect, test, vi } from 'vitest'
import { DEFAULT_SHOP_MONEY } from '../default-shop.ts'
import type { LogRecord } from '../log.ts'
import { openSource } from '../source/index.ts'
import { type GateReport, judgeCandidate } from './gate.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const DAY = 86_400_000
const UNTIL = Date.UTC(2025, 5, 1)
const RECENCY = FEATURES.findIndex(({ name }) => name === 'recencyDays')

let manifest: Manifest
beforeAll(async () => {
  ;({ manifest } = await readVersion(new URL('../../../../models/v1', import.meta.url).pathname))
})

/** A shop, made once and read as often as it is asked for. */
const records: LogRecord[] = []
const shop = generateShop({ seed: 3, customers: 250, from: Date.UTC(2024, 6, 1), until: UNTIL })
for (const { role, timeMs, event } of shop.events) {
  if (role === 'purchases') records.push({ role, value: Buffer.from(JSON.stringify(event)), recordTimeMs: timeMs })
}
const decode = createDecoder(DEFAULT_SHOP_MONEY)
const source = openSource({ kind: 'records', name: 'a shop', decode, records: () => records })

/** Says of everybody what a line in days since the last purchase says. */
function byRecency(version: string, slope: number, bias: number, more: Partial<Manifest> = {}): OpenVersion {
  const scorer: Scorer = {
    features: FEATURES.length,
    predict(rows, n) {
      const logits = Float32Array.from({ length: n }, (_, i) => bias + slope * rows[i * FEATURES.length + RECENCY]!)
      return { logits, probabilities: logits.map(probabilityOf) }
    },
    score: (rows, n) => scorer.predict(rows, n).probabilities,
    dispose() {},
  }
  const own: Manifest = { ...manifest, version, ...more }
  return { manifest: own, scorer, riskModel: riskModelOf(own) }
}

const failed = ({ checks }: GateReport) => checks.filter(({ passed }) => !passed).map(({ name }) => name)
const champion = () => byRecency('champion', 0.03, -1.5)

test('measures on the newest customers of whom it is known what came', async () => {
  const report = await judgeCandidate({ candidate: byRecency('same', 0.03, -1.5), champion: champion(), source })
  expect(report.at).toBe(UNTIL - manifest.horizonDays * DAY)
  expect(report.rows).toBeGreaterThan(100)
  expect(report.compared.map(({ name }) => name)).toEqual(['candidate same', 'champion champion'])
  expect(report.compared[1]!.lead!.logLoss).toEqual({ value: 0, low: 0, high: 0 })
  expect(failed(report).filter((name) => name !== 'calibration')).toEqual([])
})

test('refuses what ranks worse, and what cannot be compared', async () => {
  const worse = byRecency('backwards', -0.03, 1.5)
  expect(failed(await judgeCandidate({ candidate: worse, champion: champion(), source }))).toContain('AUC')
  const other = byRecency('month', 0.03, -1.5, { horizonDays: 30 })
  expect(failed(await judgeCandidate({ candidate: other, champion: champion(), source }))).toContain('horizon')
})

test('an overconfident model ranks alike and is refused for what it says', async () => {
  const report = await judgeCandidate({ candidate: byRecency('loud', 0.03, 2.5), champion: champion(), source })
  expect(failed(report)).toEqual(['log loss', 'calibration'])
})

test('refuses a model that has seen the answers, and says where it may be measured', async () => {
  const late = new Date(UNTIL - 100 * DAY).toISOString()
  const cheat = byRecency('cheat', 0.03, -1.5, { learnedFrom: 'log', trainingCutoffs: [late] })
  const report = await judgeCandidate({ candidate: cheat, champion: undefined, source })
  expect(failed(report)).toContain('unseen')
  expect(report.checks[0]!.says).toContain('learned from labels that end on 2025-05-22')
  const honest = byRecency('honest', 0.03, -1.5, { learnedFrom: 'log', trainingCutoffs: [late] })
  const at = UNTIL - 100 * DAY - manifest.horizonDays * DAY
  const early = { ...honest, manifest: { ...honest.manifest, trainingCutoffs: [new Date(at).toISOString()] } }
  expect(failed(await judgeCandidate({ candidate: early, champion: undefined, source }))).not.toContain('unseen')
})

test('one class, or a log shorter than the horizon, is an error that says so', async () => {
  const short = openSource({
    kind: 'records',
    name: 'nothing',
    decode: createDecoder(DEFAULT_SHOP_MONEY),
    records: () => [],
  })
  await expect(judgeCandidate({ candidate: champion(), champion: undefined, source: short })).rejects.toMatchObject({
    code: 'window_past_end',
  })
})
