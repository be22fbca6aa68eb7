import { ACTION_KINDS, ROLES } from '../event.ts'
import type { CustomerState } from '../state/customer-state.ts'
import { monthIndex, monthName } from '../time.ts'

/** Adds a whole number to a named counter. */
export type Add = (counter: string, amount: number) => void

/**
 * One summand of g(state). `sees` names the part of a state that it depends on: where two states share that part, by
 * identity, the summand cannot differ and is not computed.
 */
interface Summand {
  sees(state: CustomerState): unknown
  add(state: CustomerState, add: Add): void
  /** What `add` of after less `add` of before comes to, where there is a shorter way. False where there is none. */
  change?(before: CustomerState, after: CustomerState, add: Add): boolean
}

const customers: Summand = {
  sees: (state) => (state.erased ? 'erased' : isUnknown(state) ? 'unknown' : 'known'),
  add(state, add) {
    if (state.erased) add('erased', 1)
    else if (!isUnknown(state)) add('customers', 1)
  },
}

const buying: Summand = {
  sees: (state) => state.purchases,
  add({ purchases: p }, add) {
    if (p === undefined) return
    add('buyers', 1)
    add('purchases', p.count)
    add('spendMinor', p.spendMinor)
    if (p.count > 1) add('repeatBuyers', 1)
    const cohort = monthIndex(p.firstAt)
    add(cohortCounter('cohort', cohort), 1)
    add(cohortCounter('cohortSpendMinor', cohort), p.spendMinor)
    const newest = monthIndex(p.recent[0]!)
    addActiveMonths(cohort, newest, p.monthsLow, 0, add)
    addActiveMonths(cohort, newest, p.monthsHigh, 32, add)
  },
  /** One more purchase of a known customer moves four counters and at most a month, not all the months there ever were. */
  change({ purchases: b }, { purchases: a }, add) {
    if (b === undefined || a === undefined) return false
    const cohort = monthIndex(a.firstAt)
    const newest = monthIndex(a.recent[0]!)
    const ahead = newest - monthIndex(b.recent[0]!)
    if (cohort !== monthIndex(b.firstAt) || ahead > 31 || newest - cohort > 31) return false
    add('purchases', a.count - b.count)
    add('spendMinor', a.spendMinor - b.spendMinor)
    if (b.count === 1 && a.count > 1) add('repeatBuyers', 1)
    add(cohortCounter('cohortSpendMinor', cohort), a.spendMinor - b.spendMinor)
    addActiveMonths(cohort, newest, (a.monthsLow & ~(b.monthsLow << ahead)) >>> 0, 0, add)
    return true
  },
}

const reversing: Summand = {
  sees: (state) => state.reversals,
  add({ reversals: r }, add) {
    if (r === undefined) return
    add('refunds', r.refunds)
    add('cancellations', r.cancellations)
    add('reversedMinor', r.amountMinor)
  },
}

const support: Summand = {
  sees: (state) => state.support,
  add({ support: s }, add) {
    if (s === undefined) return
    add('tickets', s.opened)
    add('ticketsOpen', Math.max(0, s.opened + s.reopened - s.resolved))
    add('complaints', s.complaints)
    add('escalations', s.escalated)
  },
}

/** Of each customer's last answer. Net promoters: 9 and 10 promote, 0 to 6 detract (Reichheld, HBR December 2003). */
const voice: Summand = {
  sees: (state) => state.surveys,
  add({ surveys: { csat, nps, ces } }, add) {
    if (nps !== undefined && nps.responded > 0) {
      add(nps.score >= 9 ? 'npsPromoters' : nps.score >= 7 ? 'npsPassives' : 'npsDetractors', 1)
    }
    if (csat !== undefined && csat.responded > 0) {
      add('csatAnswers', 1)
      add('csatSum', csat.score)
    }
    if (ces !== undefined && ces.responded > 0) {
      add('cesAnswers', 1)
      add('cesSum', ces.score)
    }
  },
}

const risk: Summand = {
  sees: (state) => state.decided,
  add({ decided: d }, add) {
    if (d === undefined) return
    add(`band:${d.band}`, 1)
    add(`disposition:${d.disposition}`, 1)
    if (d.judged > 0) add(`judged:${d.judged}`, 1)
    if (d.band === 'prospect') return
    add(`expectedLossMinor:${d.band}`, d.expectedLossMinor)
    add(`probabilityPpm:${d.band}`, Math.round(d.probability * 1e6))
  },
}

const actions: Summand = {
  sees: (state) => state.actions,
  add({ actions: ledgers }, add) {
    for (const kind of ACTION_KINDS) {
      const ledger = ledgers[kind]
      if (ledger === undefined) continue
      add(`delivered:${kind}`, ledger.delivered)
      if (ledger.outcome !== undefined) add(`outcome:${kind}:${ledger.outcome}`, 1)
    }
  },
}

const SUMMANDS: readonly Summand[] = [customers, buying, reversing, support, voice, risk, actions]

/** g(state): every counter is the sum of this over all customers. */
export function addCounters(state: CustomerState, add: Add): void {
  for (const summand of SUMMANDS) summand.add(state, add)
}

/** g(after) - g(before). */
export function addCounterChanges(before: CustomerState, after: CustomerState, add: Add): void {
  for (const summand of SUMMANDS) {
    if (summand.sees(before) === summand.sees(after) || summand.change?.(before, after, add)) continue
    summand.add(before, (counter, amount) => add(counter, -amount))
    summand.add(after, add)
  }
}

function isUnknown({ rings }: CustomerState): boolean {
  for (const role of ROLES) if (rings[role] !== undefined) return false
  return true
}

function addActiveMonths(cohort: number, newest: number, bits: number, offset: number, add: Add): void {
  for (let rest = bits, k = offset; rest !== 0; rest >>>= 1, k++) {
    if (rest & 1) add(cohortCounter('active', cohort, newest - k), 1)
  }
}

/** Names of a cohort's counters by (cohort, month): a busy shard asks for the same few hundred all the time. */
const names = {
  cohort: new Map<number, string>(),
  cohortSpendMinor: new Map<number, string>(),
  active: new Map<number, string>(),
}

/** `cohort:2026-01`, `active:2026-01:2026-03`. */
function cohortCounter(what: keyof typeof names, cohort: number, month = cohort): string {
  const known = names[what]
  const key = cohort * 10_000 + month
  let name = known.get(key)
  if (name === undefined) {
    name = `${what}:${monthName(cohort)}${what === 'active' ? `:${monthName(month)}` : ''}`
    known.set(key, name)
  }
  return name
}
