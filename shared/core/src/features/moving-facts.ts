import { decayFactor } from '../fold/decay.ts'
import {
  CONTRACT_HALF_LIFE,
  type ContractState,
  type CustomerState,
  type EngagementState,
  PURCHASE_HALF_LIVES,
  type PurchaseState,
  SUPPORT_HALF_LIVES,
  type SupportState,
} from '../state/customer-state.ts'
import { DAY_MS, monthIndex, NEVER } from '../time.ts'
import type { Facts } from './facts.ts'
import type { StillFacts } from './still-facts.ts'

/** Facts that can be taken to other instants, for who looks at many of them, one at a time. */
export type MovableFacts = {
  -readonly [K in keyof Facts]: Facts[K] extends readonly number[] ? number[] : Facts[K]
}

const ZEROS_PURCHASE: number[] = PURCHASE_HALF_LIVES.map(() => 0)
const ZEROS_SUPPORT: number[] = SUPPORT_HALF_LIVES.map(() => 0)

/** The facts of a state at an instant, of which `still` are already known. */
export function createFacts(state: CustomerState, still: StillFacts, at: number): Facts {
  const facts = unmoved(state, still)
  moveFacts(facts, at, monthIndex(at))
  return facts
}

/** Room for the facts of the same state at other instants; to be moved before they are read. */
export function movableFacts({ state, still }: Facts): MovableFacts {
  return unmoved(state, still)
}

function unmoved(state: CustomerState, still: StillFacts): MovableFacts {
  const { purchases, reversals, support, engagement } = state
  return {
    state,
    at: NEVER,
    month: NEVER,
    still,
    recencyDays: 0,
    logRecency: 0,
    tenureDays: 0,
    logTenure: 0,
    decayedCount: zeros(purchases, ZEROS_PURCHASE),
    decayedSpend: zeros(purchases, ZEROS_PURCHASE),
    decayedReversals: zeros(reversals, ZEROS_SUPPORT),
    decayedTickets: zeros(support, ZEROS_SUPPORT),
    decayedComplaints: zeros(support, ZEROS_SUPPORT),
    decayedEscalations: zeros(support, ZEROS_SUPPORT),
    decayedVisits: zeros(engagement, ZEROS_SUPPORT),
    decayedEmail: zeros(engagement, ZEROS_SUPPORT),
    decayedDowngrade: 0,
    decayedPause: 0,
    decayedCancel: 0,
    visitRecencyDays: 0,
  }
}

/** Room for sums; where there is nothing to sum, the zeros that all share, into which nothing is ever written. */
function zeros(source: object | undefined, shared: number[]): number[] {
  return source === undefined ? shared : new Array<number>(shared.length)
}

/** Takes facts to another instant, of which `month` is the `monthIndex`. */
export function moveFacts(facts: MovableFacts, at: number, month: number): void {
  const { purchases, reversals, support, engagement, contract } = facts.state
  facts.at = at
  facts.month = month
  if (purchases !== undefined) movePurchases(facts, purchases, at)
  if (reversals !== undefined) {
    decayTo(facts.decayedReversals, reversals.decayedCount, SUPPORT_HALF_LIVES, at - reversals.lastAt)
  }
  if (support !== undefined) moveSupport(facts, support, at)
  if (engagement !== undefined) moveEngagement(facts, engagement, at)
  if (contract !== undefined) moveContract(facts, contract, at)
}

function movePurchases(facts: MovableFacts, p: PurchaseState, at: number): void {
  const newest = p.recent[0]!
  facts.recencyDays = daysSince(newest, at)
  facts.logRecency = Math.log1p(facts.recencyDays)
  facts.tenureDays = daysSince(p.firstAt, at)
  facts.logTenure = Math.log1p(facts.tenureDays)
  const { decayedCount, decayedSpend } = facts
  let factor = 1
  for (let i = 0; i < PURCHASE_HALF_LIVES.length; i++) {
    factor = nextFactor(PURCHASE_HALF_LIVES, i, factor, at - newest)
    decayedCount[i] = p.decayedCount[i]! * factor
    decayedSpend[i] = p.decayedSpend[i]! * factor
  }
}

function moveSupport(facts: MovableFacts, s: SupportState, at: number): void {
  const { decayedTickets, decayedComplaints, decayedEscalations } = facts
  let factor = 1
  for (let i = 0; i < SUPPORT_HALF_LIVES.length; i++) {
    factor = nextFactor(SUPPORT_HALF_LIVES, i, factor, at - s.lastAt)
    decayedTickets[i] = s.decayedTickets[i]! * factor
    decayedComplaints[i] = s.decayedComplaints[i]! * factor
    decayedEscalations[i] = s.decayedEscalations[i]! * factor
  }
}

function moveEngagement(facts: MovableFacts, e: EngagementState, at: number): void {
  const { decayedVisits, decayedEmail } = facts
  facts.visitRecencyDays = daysSince(e.lastVisitAt, at)
  let factor = 1
  for (let i = 0; i < SUPPORT_HALF_LIVES.length; i++) {
    factor = nextFactor(SUPPORT_HALF_LIVES, i, factor, at - e.lastAt)
    decayedVisits[i] = e.decayedVisits[i]! * factor
    decayedEmail[i] = e.decayedEmail[i]! * factor
  }
}

function moveContract(facts: MovableFacts, c: ContractState, at: number): void {
  const factor = decayFactor(CONTRACT_HALF_LIFE, Math.max(0, at - c.lastAt))
  facts.decayedDowngrade = c.decayedDowngrade * factor
  facts.decayedPause = c.decayedPause * factor
  facts.decayedCancel = c.decayedCancel * factor
}

function decayTo(target: number[], sums: readonly number[], halfLives: readonly number[], elapsed: number): void {
  let factor = 1
  for (let i = 0; i < target.length; i++) {
    factor = nextFactor(halfLives, i, factor, elapsed)
    target[i] = sums[i]! * factor
  }
}

/** `decayFactor` of the i-th half-life; over twice the span a sum decays by the root, which is quicker and no less exact. */
function nextFactor(halfLives: readonly number[], i: number, previous: number, elapsed: number): number {
  if (i > 0 && halfLives[i] === 2 * halfLives[i - 1]!) return Math.sqrt(previous)
  return decayFactor(halfLives[i]!, Math.max(0, elapsed))
}

function daysSince(then: number, at: number): number {
  return then === NEVER ? 0 : Math.max(0, at - then) / DAY_MS
}
