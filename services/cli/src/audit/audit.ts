import { WORKLIST_BANDS } from '@holdfast/contracts'
import { addCounters, type CustomerState, NEVER } from '@holdfast/core'
import type { ShardSnapshot } from './snapshot.ts'

/** Where stored things disagree with the states. */
export interface Difference {
  readonly shard: number
  /** Which of them: a counter, a worklist, an appointment. */
  readonly what: string
  /** The customer or the counter. */
  readonly of: string
  /** As the states say. */
  readonly expected: string
  readonly found: string
}

/** Recounts a shard from its states and compares. */
export function auditShard(snapshot: ShardSnapshot): Difference[] {
  return [
    ...unreadable(snapshot),
    ...counters(snapshot),
    ...worklists(snapshot),
    ...appointments(snapshot),
    ...erasures(snapshot),
  ]
}

/** Sums over customers, from the states. */
export function recount(states: Iterable<CustomerState>): Map<string, number> {
  const sums = new Map<string, number>()
  for (const state of states)
    addCounters(state, (counter, amount) => sums.set(counter, (sums.get(counter) ?? 0) + amount))
  return sums
}

function* unreadable({ partition: shard, unreadable }: ShardSnapshot): Generator<Difference> {
  for (const [of, found] of unreadable) yield { shard, what: 'state', of, expected: 'readable', found }
}

function* counters({ partition: shard, states, counters: stored }: ShardSnapshot): Generator<Difference> {
  const sums = recount(states.values())
  for (const of of new Set([...sums.keys(), ...stored.keys()])) {
    // A counter that fell to 0 may be stored or not.
    const [expected, found] = [sums.get(of) ?? 0, stored.get(of) ?? 0]
    if (expected !== found) yield { shard, what: 'counter', of, expected: String(expected), found: String(found) }
  }
}

function* worklists({ partition: shard, states, worklists: stored }: ShardSnapshot): Generator<Difference> {
  for (const band of WORKLIST_BANDS) {
    const what = `worklist ${band}`
    const expected = new Map(
      [...states].flatMap(([id, { erased, decided }]) =>
        !erased && decided?.band === band ? [[id, decided.expectedLossMinor] as const] : [],
      ),
    )
    for (const of of new Set([...expected.keys(), ...stored[band].keys()])) {
      const [wanted, found] = [expected.get(of), stored[band].get(of)]
      if (wanted !== found) yield { shard, what, of, expected: priority(wanted), found: priority(found) }
    }
  }
}

function priority(value: number | undefined): string {
  return value === undefined ? 'not on it' : `priority ${value}`
}

function* appointments({ partition: shard, states, due }: ShardSnapshot): Generator<Difference> {
  const what = 'appointment'
  for (const [of, at] of due) {
    const state = states.get(of)
    if (state === undefined || state.erased) {
      yield { shard, what, of, expected: 'none: there is no such customer', found: iso(at) }
    }
  }
  for (const [of, state] of states) {
    const reason = needsLook(state)
    if (reason !== undefined && !due.has(of)) yield { shard, what, of, expected: `one: ${reason}`, found: 'none' }
  }
}

/** Why somebody must look at this customer again even if nothing happens; undefined where nobody must. */
function needsLook({ erased, decided }: CustomerState): string | undefined {
  if (erased) return undefined
  if (decided === undefined) return 'nobody has looked yet'
  if (decided.disposition === 'held') return `held until ${iso(decided.heldUntil)}`
  if (decided.predictedAt !== NEVER) return 'a prediction is still to be judged'
  return decided.band === 'prospect' || decided.band === 'lapsed' ? undefined : `${decided.band} ends in silence`
}

function* erasures({ partition: shard, states, profiles }: ShardSnapshot): Generator<Difference> {
  for (const of of profiles) {
    if (states.get(of)?.erased) {
      yield { shard, what: 'profile', of, expected: 'none: the customer is erased', found: 'personal fields' }
    }
  }
}

function iso(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms)
}
