import { type DriftRecord, type LastWatch, type OutcomeRecord, WATCH_METRICS } from '@holdfast/contracts'
import { createMetrics } from '@holdfast/platform'
import { expect, test } from 'vitest'
import { observeWatch } from './observe.ts'
import type { Watched } from './watch-model.ts'

const model = { version: 'v2', digest: 'ab' }
const last: LastWatch = {
  asOf: '2026-06-01T00:00:00.000Z',
  outcome: 'measured',
  says: null,
  open: 3,
  nextMaturesAt: null,
  corrupt: ['2026-01-01+90d'],
  expired: [],
}
const drift: DriftRecord = {
  asOf: '2026-06-01T00:00:00.000Z',
  model,
  customers: 50,
  unreadable: 0,
  score: 0.3,
  features: [{ feature: 'recencyDays', psi: 0.4 }],
  chance: null,
  problem: null,
}
const outcome: OutcomeRecord = {
  cohort: '2026-02-01+90d',
  predictedAt: '2026-02-01T00:00:00.000Z',
  maturedAt: '2026-05-02T00:00:00.000Z',
  judgedAt: '2026-05-02T00:00:00.000Z',
  model: { version: 'v1', digest: 'cd' },
  ...{ horizonDays: 90, customers: 40, churned: 25, erased: 1, unknown: 2 },
  ...{ meanPredicted: 0.6, auc: 0.8, logLoss: 0.5, brier: null, ece: 0.05, reliability: [] },
}
const found: Watched = {
  ...{ last, drift, history: undefined, recorded: undefined, versions: [] },
  judged: [outcome],
  outcomes: [outcome, { ...outcome, cohort: '2026-01-31+90d', auc: 0.1 }],
}

test('each figure has its metric; of outcomes the newest of each model; a model that is gone leaves nothing behind', async () => {
  const metrics = createMetrics(WATCH_METRICS, { service: 'trainer', processMetrics: false })
  observeWatch(metrics.of, found)
  const text = await metrics.render()
  const lines = [
    'holdfast_watches_total{outcome="measured",service="trainer"} 1',
    'holdfast_drift_score_psi{version="v2",service="trainer"} 0.3',
    'holdfast_drift_feature_psi{version="v2",feature="recencyDays",service="trainer"} 0.4',
    'holdfast_drift_customers{version="v2",service="trainer"} 50',
    'holdfast_outcome_auc{version="v1",service="trainer"} 0.8',
    'holdfast_outcome_customers{version="v1",outcome="returned",service="trainer"} 15',
    'holdfast_outcome_customers{version="v1",outcome="unknown",service="trainer"} 2',
    'holdfast_cohorts_open{service="trainer"} 3',
    'holdfast_cohorts_corrupt{service="trainer"} 1',
    'holdfast_cohorts_judged_total{service="trainer"} 1',
    `holdfast_watch_last_timestamp_seconds{service="trainer"} ${Date.UTC(2026, 5, 1) / 1_000}`,
  ]
  for (const line of lines) expect(text.split('\n')).toContain(line)
  // No meaning, no number.
  expect(text).not.toMatch(/^holdfast_outcome_brier\{/m)

  observeWatch(metrics.of, {
    ...found,
    judged: [],
    drift: { ...drift, model: { version: 'v3', digest: 'ef' }, score: null },
  })
  const after = await metrics.render()
  expect(after).not.toContain('version="v2"')
  expect(after).not.toMatch(/^holdfast_drift_score_psi\{/m)
  expect(after).toContain('holdfast_drift_customers{version="v3",service="trainer"} 50')
})
