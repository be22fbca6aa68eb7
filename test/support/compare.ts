import {
  ACTION_OF_BAND,
  addCounters,
  type Band,
  type CustomerEvent,
  type CustomerState,
  type Decided,
  nextBandLook,
  type Policy,
  PURPOSE_OF_ACTION,
  type RiskModel,
  VALUATION_ERROR,
} from '@holdfast/core'
import { naiveState, oracleEvaluate, sameFolded } from '@holdfast/core/oracle'
import { contactKey } from './job-watch.ts'
import type { StoredShard } from './shards.ts'

/* What a shard holds against what it must hold: each function returns the differences, in words; none is the aim. */

const MINUTE = 60_000
/** Steps of the oracle's first search for an entry; where it disagrees it searches again, minute by minute. */
const COARSE_MINUTES = 30

export function foldedDifferences(
  shards: readonly StoredShard[],
  events: ReadonlyMap<string, readonly CustomerEvent[]>,
): string[] {
  const found: string[] = []
  const unseen = new Set(events.keys())
  for (const { partition, states } of shards) {
    for (const [id, state] of states) {
      const log = events.get(id)
      if (log === undefined) found.push(`${id}: shard ${partition} knows a customer of whom the log says nothing`)
      else if (!unseen.delete(id)) found.push(`${id}: on two shards, the second is ${partition}`)
      else {
        const difference = sameFolded(state, naiveState(log))
        if (difference !== undefined) found.push(`${id} (${log.length} events): ${difference}`)
      }
    }
  }
  for (const id of unseen) found.push(`${id}: in the log, and on no shard`)
  return found
}

export interface DecidedCount {
  compared: number
  onTheLine: number
  entries: number
}

export function decidedDifferences(shards: readonly StoredShard[], model: RiskModel, count: DecidedCount): string[] {
  const found: string[] = []
  for (const { states } of shards) {
    for (const [id, state] of states) {
      if (state.erased) continue
      if (state.decided === undefined) {
        found.push(`${id}: nobody ever looked`)
        continue
      }
      count.compared++
      const coarse = decidedDifference(state, state.decided, model, COARSE_MINUTES, count)
      if (coarse === undefined) continue
      const fine = decidedDifference(state, state.decided, model, 1)
      if (fine !== undefined) found.push(`${id}: ${fine}`)
    }
  }
  return found
}

function decidedDifference(
  state: CustomerState,
  decided: Decided,
  model: RiskModel,
  everyMinutes: number,
  count?: DecidedCount,
): string | undefined {
  const { previousBand, evaluatedAt } = decided
  const wanted = oracleEvaluate(state, previousBand, evaluatedAt, model, everyMinutes)
  if (Math.abs(decided.probability - wanted.probability) > 1e-5)
    return `probability ${decided.probability} against ${wanted.probability}`
  const lossBreadth = 1 + (1e-5 + VALUATION_ERROR) * wanted.expectedLossMinor
  if (Math.abs(decided.expectedLossMinor - wanted.expectedLossMinor) > lossBreadth)
    return `expected loss ${decided.expectedLossMinor} against ${wanted.expectedLossMinor}`
  if (wanted.isOnTheLine) {
    if (count !== undefined) count.onTheLine++
    return undefined
  }
  if (decided.band !== wanted.band) return `band ${decided.band} against ${wanted.band}, from ${previousBand}`
  if (wanted.enteredAt === undefined) return undefined
  if (count !== undefined) count.entries++
  return Math.abs(decided.enteredAt - wanted.enteredAt) <= MINUTE
    ? undefined
    : `entered ${decided.band} at ${decided.enteredAt} against ${wanted.enteredAt}`
}

/** Counters against a recount from the states. */
export function counterDifferences(shards: readonly StoredShard[]): string[] {
  return shards.flatMap(({ partition, states, counters }) => {
    const recount = new Map<string, number>()
    for (const state of states.values()) {
      addCounters(state, (name, amount) => recount.set(name, (recount.get(name) ?? 0) + amount))
    }
    return [...new Set([...recount.keys(), ...counters.keys()])]
      .filter((name) => (recount.get(name) ?? 0) !== (counters.get(name) ?? 0))
      .map((name) => `shard ${partition}, ${name}: ${counters.get(name)} against ${recount.get(name)} recounted`)
  })
}

/** Worklists and appointments against the states that they are read from. */
export function listDifferences(shards: readonly StoredShard[], model: RiskModel): string[] {
  const found: string[] = []
  for (const { states, due, worklists } of shards) {
    const strangers = [...due.keys(), ...worklists.at_risk.keys(), ...worklists.lapsed.keys()]
    for (const id of strangers) if (!states.has(id)) found.push(`${id}: listed, but no state`)
    for (const [id, state] of states) {
      const { decided } = state
      for (const band of ['at_risk', 'lapsed'] as const) {
        const wanted = !state.erased && decided?.band === band ? decided.expectedLossMinor : undefined
        const listed = worklists[band].get(id)
        if (listed !== wanted) found.push(`${id}: stands on worklist ${band} with ${listed}, not ${wanted}`)
      }
      const wanted = state.erased || decided === undefined ? undefined : nextLook(state, decided, model)
      if (due.get(id) !== wanted) found.push(`${id}: due at ${due.get(id)}, not ${wanted}`)
    }
  }
  return found
}

function nextLook(state: CustomerState, decided: Decided, model: RiskModel): number | undefined {
  const instants = [
    nextBandLook(state, decided.band, decided.evaluatedAt, model),
    decided.heldUntil < 0 ? undefined : decided.heldUntil,
    decided.predictedAt < 0 ? undefined : decided.predictedAt + model.horizonMs,
  ].filter((instant) => instant !== undefined)
  return instants.length === 0 ? undefined : Math.min(...instants)
}

/** Those who must be contacted by what their states say: `customer action`. */
export function owedContacts(shards: readonly StoredShard[], policy: Policy): string[] {
  const owed: string[] = []
  for (const { states } of shards) {
    for (const [id, { erased, decided, consent, actions }] of states) {
      const action = decided === undefined ? undefined : ACTION_OF_BAND[decided.band]
      if (erased || decided === undefined || action === undefined) continue
      const purpose = PURPOSE_OF_ACTION[action]
      const ledger = actions[action]
      const isFresh = decided.evaluatedAt - decided.enteredAt <= policy.actionHorizonMs
      const isAllowed = consent[purpose]?.granted ?? policy.consentWhenUnknown[purpose]
      const isHeld =
        ledger !== undefined &&
        (ledger.resolvedAt >= decided.enteredAt || ledger.snoozedUntil > decided.evaluatedAt || ledger.deliveredAt >= 0)
      if (isFresh && isAllowed && !isHeld && policy.actions[action].enabled) owed.push(contactKey(id, action))
    }
  }
  return owed
}

/** A customer with this log and nothing else: the band that the oracle sees from no band before. */
export function bandOf(log: readonly CustomerEvent[], at: number, model: RiskModel): { band: Band; enteredAt: number } {
  const { band, enteredAt } = oracleEvaluate(naiveState(log), undefined, at, model, COARSE_MINUTES)
  return { band, enteredAt: enteredAt ?? Number.NaN }
}
