import {
  type ActionKind,
  type Assumption,
  type Band,
  type CustomerEvent,
  type CustomerState,
  type Decided,
  type Disposition,
  decide,
  EMPTY_STATE,
  type EvaluateContext,
  fold,
  heardAt,
  UNDECIDED,
} from '@holdfast/core'
import { oracleEvaluate } from '@holdfast/core/oracle'

/*
 * The decision path as its definition reads: a customer is looked at day after day, and minute after minute where a day made a
 * difference. No appointments, no search. Slow on purpose; only tests use it.
 */

const MINUTE = 60_000
const DAY = 86_400_000

/** A decision that differs from the one before. */
export interface NaiveDecision {
  readonly customerId: string
  readonly at: number
  readonly band: Band
  readonly action: ActionKind
  readonly disposition: Disposition
  readonly withheld: string | undefined
}

export interface NaiveOptions {
  readonly context: EvaluateContext
  readonly from: number
  readonly to: number
  readonly assume: Assumption
}

/** What the policy of the past did, which the simulated one replaces. */
const REPLACED = ['action.decided', 'action.delivered', 'action.failed', 'action.suppressed']

/** All decisions about one customer, from all of their events in any order. */
export function naiveLife(events: readonly CustomerEvent[], options: NaiveOptions): NaiveDecision[] {
  const { context, from, to, assume } = options
  const { model, policy, modelMaySend } = context
  const log = events.filter((event) => heardAt(event) < from || !REPLACED.includes(event.type))
  const made: CustomerEvent[] = []
  const decisions: NaiveDecision[] = []
  let decided: Decided | undefined

  function stateAt(at: number): CustomerState {
    return [...log.filter((event) => heardAt(event) <= at), ...made].reduce(fold, EMPTY_STATE)
  }

  /** Whether the look found anything new; then it is remembered. */
  function look(state: CustomerState, at: number, isSilent: boolean): boolean {
    if (state.erased) return false
    const before = decided
    const seen = oracleEvaluate(state, before?.band, at, model, 1_440)
    // Silence moves nobody before the model itself is certain to agree.
    if (isSilent && seen.isOnTheLine && before !== undefined && seen.band !== before.band) return false
    const { band } = seen
    const enteredAt = seen.enteredAt ?? before?.enteredAt ?? at
    const decision = decide({ state, before, band, enteredAt, at, policy, modelMaySend })
    const { action, disposition, withheld, heldUntil, episodeAt } = decision
    if (before?.band === band && before.disposition === disposition && before.heldUntil === heldUntil) return false
    decided = { ...UNDECIDED, band, previousBand: before?.band, enteredAt, evaluatedAt: at, disposition, heldUntil }
    if (action === undefined || (before?.band === band && before.disposition === disposition)) return true
    const { customerId } = events[0]!
    decisions.push({ customerId, at, band, action, disposition, withheld })
    if (disposition === 'queued') {
      const common = { customerId, action, time: at, knownAt: at, enteredAt: episodeAt }
      made.push({ ...common, type: 'action.decided', idHash: -1 - made.length })
      if (assume === 'delivered') made.push({ ...common, type: 'action.delivered', idHash: -1 - made.length })
    }
    return true
  }

  const heard = [...new Set(log.map(heardAt))].sort((a, b) => a - b)
  const first = Math.max(from, heard[0] ?? to)
  const arrivals = new Set(heard.filter((at) => at > first))
  const steps = new Set([first, to - 1, ...arrivals, ...[...arrivals].map((at) => at - 1)])
  // A day's last minute as well as its first: features step where months begin.
  for (let day = Math.ceil(first / DAY) * DAY; day < to; day += DAY) steps.add(day - MINUTE).add(day)
  let last = first
  for (const step of [...steps].filter((at) => at >= first && at < to).sort((a, b) => a - b)) {
    const isArrival = arrivals.has(step) || step === first
    let state = stateAt(step)
    if (isArrival) {
      look(state, step, false)
    } else {
      const [decidedBefore, madeBefore, decisionsBefore] = [decided, made.length, decisions.length]
      if (look(state, step, true)) {
        // Something happened in between: once more, by the minute.
        decided = decidedBefore
        made.length = madeBefore
        decisions.length = decisionsBefore
        for (let minute = (Math.floor(last / MINUTE) + 1) * MINUTE; minute <= step; minute += MINUTE) {
          if (look(state, minute, true)) state = stateAt(step)
        }
      }
    }
    last = step
  }
  return decisions
}
