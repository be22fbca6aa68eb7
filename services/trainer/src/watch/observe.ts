import type { WATCH_METRICS } from '@holdfast/contracts'
import type { Collectors } from '@holdfast/platform'
import type { Watched } from './watch-model.ts'

type WatchCollectors = Collectors<typeof WATCH_METRICS>

/** Turns what a watch found into metrics. One that threw is for its caller to count, as `failed`. */
export function observeWatch(of: WatchCollectors, { last, drift, judged, outcomes }: Watched): void {
  of.watches.inc({ outcome: last.outcome })
  of.cohortsJudged.inc(judged.length)
  of.cohortsExpired.inc(last.expired.length)
  of.cohortsOpen.set(last.open)
  of.cohortsCorrupt.set(last.corrupt.length)
  // Figures of a model that is gone must not stay.
  for (const gauge of [of.driftScore, of.driftFeature, of.driftCustomers]) gauge.reset()
  if (drift !== undefined) {
    const { version } = drift.model
    of.watchedAt.set(Date.parse(drift.asOf) / 1_000)
    of.driftCustomers.set({ version }, drift.customers)
    if (drift.score !== null) of.driftScore.set({ version }, drift.score)
    for (const { feature, psi } of drift.features) of.driftFeature.set({ version, feature }, psi)
  }
  for (const gauge of [of.outcomeAuc, of.outcomeLogLoss, of.outcomeBrier, of.outcomeEce]) gauge.reset()
  of.outcomeCustomers.reset()
  const seen = new Set<string>()
  for (const { model, auc, logLoss, brier, ece, customers, churned, erased, unknown } of outcomes) {
    const { version } = model
    if (seen.has(version)) continue
    seen.add(version)
    if (auc !== null) of.outcomeAuc.set({ version }, auc)
    if (logLoss !== null) of.outcomeLogLoss.set({ version }, logLoss)
    if (brier !== null) of.outcomeBrier.set({ version }, brier)
    if (ece !== null) of.outcomeEce.set({ version }, ece)
    const counts = { churned, returned: customers - churned, erased, unknown }
    for (const [outcome, count] of Object.entries(counts)) of.outcomeCustomers.set({ version, outcome }, count)
  }
}
