import type { ChampionOptions } from '@holdfast/champion'
import type { RISK_WORKER_METRICS } from '@holdfast/contracts'
import type { ActionKind } from '@holdfast/core'
import type { Collectors } from '@holdfast/platform'
import type { LaneEvents } from './lane/lane-options.ts'
import type { createLookStep } from './lane/look.ts'
import type { ShardLane } from './lane/shard-lane.ts'
import type { RelayOptions } from './relay.ts'

/** How long /metrics waits for Redis, ms. */
const REDIS_WITHIN_MS = 1_000

type LookStep = ReturnType<typeof createLookStep>

/** Turns what lanes and relays tell into the metrics of `contracts/metrics.ts`. */
export function observe(metrics: Collectors<typeof RISK_WORKER_METRICS>, { backend }: { readonly backend: string }) {
  const models: Required<Pick<ChampionOptions, 'onChampion' | 'onRefused'>> = {
    onChampion({ manifest }, before) {
      metrics.modelInfo.reset()
      metrics.modelInfo.set({ version: manifest.version, learned_from: manifest.learnedFrom, backend }, 1)
      if (before !== undefined) metrics.modelSwitches.inc()
    },
    onRefused: (role, refused) => metrics.modelRefused.set({ role }, refused ? 1 : 0),
  }

  const lane: Omit<LaneEvents, 'onOutbox' | 'onBroken'> = {
    onIntake(topic, { event: _, ...counts }) {
      countRecords(topic, counts)
      if (counts.invalid > 0) metrics.deadLetters.inc({ topic }, counts.invalid)
    },
    onFolded(counts, seconds) {
      for (const [topic, of] of counts) countRecords(topic, of)
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

  function countRecords(topic: string, counts: Readonly<Record<string, number>>): void {
    for (const [outcome, count] of Object.entries(counts)) if (count > 0) metrics.records.inc({ topic, outcome }, count)
  }

  const relay: Pick<RelayOptions, 'onRelayed' | 'onJob'> = {
    onRelayed: (kind, count) => metrics.relayed.inc({ kind }, count),
    onJob: (action: ActionKind, ms) => metrics.decisionToJobSeconds.observe({ action }, ms / 1_000),
  }

  function timed(look: LookStep): LookStep {
    return function timedLook(customers, at) {
      const startedAt = performance.now()
      const looked = look(customers, at)
      metrics.scoreBatchRows.observe(customers.length)
      metrics.scoreSeconds.observe({ backend }, (performance.now() - startedAt) / 1_000)
      for (const { evaluation } of looked) {
        const { changedFrom, decision, decided } = evaluation
        if (changedFrom !== undefined) metrics.bandChanges.inc({ from: changedFrom, to: decided.band })
        if (changedFrom !== undefined && decision.action !== undefined) {
          metrics.decisions.inc({ action: decision.action, outcome: decision.withheld ?? decision.disposition })
        }
      }
      return looked
    }
  }

  /**
   * Gauges are read when they are asked for. Those that only Redis knows are left out while it does not answer: an outage is
   * when the others are needed most.
   */
  async function sample(lanes: readonly ShardLane[], intakeStopped: boolean): Promise<void> {
    const backlogs = await Promise.all(lanes.map((owned) => soon(owned.backlog())))
    metrics.intakeStopped.set(intakeStopped ? 1 : 0)
    metrics.shardsOwned.set(lanes.length)
    // A shard that went to another worker is the other's to report.
    for (const gauge of [metrics.lag, metrics.dueOverdue, metrics.outboxEntries]) gauge.reset()
    for (const [i, owned] of lanes.entries()) {
      const partition = String(owned.partition)
      for (const [topic, records] of owned.lag()) metrics.lag.set({ topic, partition }, records)
      const backlog = backlogs[i]
      if (backlog === undefined) continue
      metrics.dueOverdue.set({ partition }, backlog.overdue)
      metrics.outboxEntries.set({ partition }, backlog.outbox)
    }
  }

  return { models, lane, relay, timed, sample }
}

/** What is asked for, or undefined where it fails or does not come in time. */
async function soon<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), REDIS_WITHIN_MS)
  })
  try {
    return await Promise.race([asked.catch(() => undefined), late])
  } finally {
    clearTimeout(timer)
  }
}
