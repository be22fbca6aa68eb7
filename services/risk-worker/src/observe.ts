import type { RISK_WORKER_METRICS } from '@holdfast/contracts'
import type { ActionKind, RiskModel } from '@holdfast/core'
import type { Collectors } from '@holdfast/platform'
import type { createLookStep } from './lane/look.ts'
import type { LaneEvents, ShardLane } from './lane/shard-lane.ts'
import type { RelayOptions } from './relay.ts'

type LookStep = ReturnType<typeof createLookStep>

/** Turns what lanes and relays tell into the metrics of `contracts/metrics.ts`. */
export function observe(
  metrics: Collectors<typeof RISK_WORKER_METRICS>,
  { model, backend }: { readonly model: RiskModel; readonly backend: string },
) {
  metrics.modelInfo.set({ version: model.version, learned_from: model.learnedFrom, backend }, 1)

  const lane: Omit<LaneEvents, 'onOutbox'> = {
    onIntake(topic, counts, seconds) {
      for (const [outcome, count] of Object.entries(counts))
        if (count > 0) metrics.records.inc({ topic, outcome }, count)
      if ((counts.invalid ?? 0) > 0) metrics.deadLetters.inc({ topic }, counts.invalid)
      metrics.foldSeconds.observe(seconds)
    },
    onCommitted(customers, looked, seconds) {
      metrics.commitSeconds.observe(seconds)
      metrics.scoredCustomers.inc(looked)
      metrics.commitCustomers.observe(customers)
    },
    onRefused(reason) {
      metrics.commitsRefused.inc({ reason })
    },
  }

  const relay: Pick<RelayOptions, 'onRelayed' | 'onJob'> = {
    onRelayed: (kind, count) => metrics.relayed.inc({ kind }, count),
    onJob: (action: ActionKind, ms) => metrics.eventToJobSeconds.observe({ action }, ms / 1_000),
  }

  function timed(look: LookStep): LookStep {
    return function timedLook(customers, at) {
      const startedAt = performance.now()
      const looked = look(customers, at)
      metrics.scoreBatchRows.observe(customers.length)
      metrics.scoreSeconds.observe({ backend }, (performance.now() - startedAt) / 1_000)
      for (const { evaluation } of looked) {
        const { changedFrom, decision, state } = evaluation
        if (changedFrom !== undefined) metrics.bandChanges.inc({ from: changedFrom, to: state.decided!.band })
        if (changedFrom !== undefined && decision.action !== undefined) {
          metrics.decisions.inc({ action: decision.action, outcome: decision.withheld ?? decision.disposition })
        }
      }
      return looked
    }
  }

  /** Gauges are read when they are asked for. */
  async function sample(lanes: readonly ShardLane[], intakeStopped: boolean): Promise<void> {
    metrics.intakeStopped.set(intakeStopped ? 1 : 0)
    metrics.shardsOwned.set(lanes.length)
    metrics.lag.reset()
    for (const owned of lanes) {
      const partition = String(owned.partition)
      metrics.cachedStates.set({ partition }, owned.cachedStates)
      for (const [topic, records] of owned.lag()) metrics.lag.set({ topic, partition }, records)
      const { overdue, outbox } = await owned.backlog()
      metrics.dueOverdue.set({ partition }, overdue)
      metrics.outboxEntries.set({ partition }, outbox)
    }
  }

  return { lane, relay, timed, sample }
}
