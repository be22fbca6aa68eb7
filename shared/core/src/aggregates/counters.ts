import { ACTION_KINDS } from '../event.ts'
import {
  BANDS,
  type Band,
  type CustomerState,
  DISPOSITIONS,
  type Disposition,
  EMPTY_STATE,
  isUnknown,
} from '../state/customer-state.ts'
import { monthIndex, monthName } from '../time.ts'

/** Adds a whole number to a named counter. */
export type Add = (counter: string, amount: number) => void

/** Counters whose summand is a number that stands in the state, or nearly. */
const PLAIN = [
  'customers',
  'erased',
  'buyers',
  'purchases',
  'spendMinor',
  'repeatBuyers',
  'refunds',
  'cancellations',
  'reversedMinor',
  'tickets',
  'ticketsOpen',
  'complaints',
  'escalations',
] as const

/** What the counters see of a state. It stays as it is, also when the state is changed in place. */
export interface Counted extends Pick<CustomerState, 'surveys' | 'actions' | 'decided'> {
  readonly plain: Readonly<Record<(typeof PLAIN)[number], number>>
  readonly cohort: Cohort | undefined
}

/** A buyer among those who first bought in the same month. Months as `monthIndex` gives them. */
interface Cohort {
  readonly first: number
  readonly newest: number
  readonly spendMinor: number
  /** Months with a purchase, as the state keeps them. */
  readonly low: number
  readonly high: number
}

export function counted(state: CustomerState): Counted {
  const { purchases: p, reversals: r, support: s, surveys, actions, decided } = state
  const isCustomer = !state.erased && !isUnknown(state)
  const plain = {
    customers: isCustomer ? 1 : 0,
    erased: state.erased ? 1 : 0,
    buyers: p === undefined ? 0 : 1,
    purchases: p === undefined ? 0 : p.count,
    spendMinor: p === undefined ? 0 : p.spendMinor,
    repeatBuyers: p === undefined || p.count < 2 ? 0 : 1,
    refunds: r === undefined ? 0 : r.refunds,
    cancellations: r === undefined ? 0 : r.cancellations,
    reversedMinor: r === undefined ? 0 : r.amountMinor,
    tickets: s === undefined ? 0 : s.opened,
    ticketsOpen: s === undefined ? 0 : Math.max(0, s.opened + s.reopened - s.resolved),
    complaints: s === undefined ? 0 : s.complaints,
    escalations: s === undefined ? 0 : s.escalated,
  }
  const cohort: Cohort | undefined =
    p === undefined
      ? undefined
      : {
          first: monthIndex(p.firstAt),
          newest: monthIndex(p.recent[0]!),
          spendMinor: p.spendMinor,
          low: p.monthsLow,
          high: p.monthsHigh,
        }
  return { plain, cohort, surveys, actions, decided }
}

const NOTHING = counted(EMPTY_STATE)

/** g(state): every counter is the sum of this over all customers. */
export function addCounters(state: CustomerState, add: Add): void {
  addCounterChanges(NOTHING, counted(state), add)
}

/** g(after) - g(before). */
export function addCounterChanges(before: Counted, after: Counted, add: Add): void {
  for (const name of PLAIN) {
    const change = after.plain[name] - before.plain[name]
    if (change !== 0) add(name, change)
  }
  if (!movesOn(before.cohort, after.cohort, add)) {
    if (before.cohort !== undefined) addCohort(before.cohort, -1, add)
    if (after.cohort !== undefined) addCohort(after.cohort, 1, add)
  }
  if (before.surveys !== after.surveys) {
    addVoice(before.surveys, -1, add)
    addVoice(after.surveys, 1, add)
  }
  if (before.actions !== after.actions) {
    addActions(before.actions, -1, add)
    addActions(after.actions, 1, add)
  }
  if (before.decided !== after.decided && !stays(before.decided, after.decided, add)) {
    addRisk(before.decided, -1, add)
    addRisk(after.decided, 1, add)
  }
}

function addCohort({ first, newest, spendMinor, low, high }: Cohort, sign: number, add: Add): void {
  add(cohortCounter('cohort', first), sign)
  add(cohortCounter('cohortSpendMinor', first), sign * spendMinor)
  addActiveMonths(first, newest, low, 0, sign, add)
  addActiveMonths(first, newest, high, 32, sign, add)
}

/** The change where a buyer stays in a cohort, as all but a few do: then there is at most a new month. False for any other. */
function movesOn(before: Cohort | undefined, after: Cohort | undefined, add: Add): boolean {
  if (before === undefined || after === undefined) return before === after
  const { first, newest, low, high } = after
  const ahead = newest - before.newest
  const isSameMonths = ahead === 0 && low === before.low && high === before.high
  if (first !== before.first || (!isSameMonths && (ahead > 31 || newest - first > 31))) return false
  const spent = after.spendMinor - before.spendMinor
  if (spent !== 0) add(cohortCounter('cohortSpendMinor', first), spent)
  if (!isSameMonths) addActiveMonths(first, newest, (low & ~(before.low << ahead)) >>> 0, 0, 1, add)
  return true
}

function addActiveMonths(first: number, newest: number, bits: number, offset: number, sign: number, add: Add): void {
  for (let rest = bits, k = offset; rest !== 0; rest >>>= 1, k++) {
    if (rest & 1) add(cohortCounter('active', first, newest - k), sign)
  }
}

/** Of each customer's last answer. Net promoters: 9 and 10 promote, 0 to 6 detract (Reichheld, HBR December 2003). */
function addVoice({ csat, nps, ces }: CustomerState['surveys'], sign: number, add: Add): void {
  if (nps !== undefined && nps.responded > 0) {
    add(nps.score >= 9 ? 'npsPromoters' : nps.score >= 7 ? 'npsPassives' : 'npsDetractors', sign)
  }
  if (csat !== undefined && csat.responded > 0) {
    add('csatAnswers', sign)
    add('csatSum', sign * csat.score)
  }
  if (ces !== undefined && ces.responded > 0) {
    add('cesAnswers', sign)
    add('cesSum', sign * ces.score)
  }
}

/** The change where a look found a customer in the same place as before, as most do. False for any other. */
function stays(before: CustomerState['decided'], after: CustomerState['decided'], add: Add): boolean {
  if (before === undefined || after === undefined) return false
  const { band, disposition, judged, expectedLossMinor, probability } = after
  if (before.band !== band || before.disposition !== disposition || before.judged !== judged) return false
  if (band === 'prospect') return true
  const names = OF_BAND[band]
  add(names.expectedLossMinor, expectedLossMinor - before.expectedLossMinor)
  add(names.probabilityPpm, ppm(probability) - ppm(before.probability))
  return true
}

function ppm(probability: number): number {
  return Math.round(probability * 1e6)
}

function addRisk(decided: CustomerState['decided'], sign: number, add: Add): void {
  if (decided === undefined) return
  const { band, disposition, judged, expectedLossMinor, probability } = decided
  const names = OF_BAND[band]
  add(names.customers, sign)
  add(OF_DISPOSITION[disposition], sign)
  if (judged > 0) add(`judged:${judged}`, sign)
  if (band === 'prospect') return
  add(names.expectedLossMinor, sign * expectedLossMinor)
  add(names.probabilityPpm, sign * ppm(probability))
}

function addActions(actions: CustomerState['actions'], sign: number, add: Add): void {
  for (const kind of ACTION_KINDS) {
    const ledger = actions[kind]
    if (ledger === undefined) continue
    add(`delivered:${kind}`, sign * ledger.delivered)
    if (ledger.outcome !== undefined) add(`outcome:${kind}:${ledger.outcome}`, sign)
  }
}

const countersOf = (band: Band) => ({
  customers: `band:${band}`,
  expectedLossMinor: `expectedLossMinor:${band}`,
  probabilityPpm: `probabilityPpm:${band}`,
})
const OF_BAND = Object.fromEntries(BANDS.map((band) => [band, countersOf(band)])) as Record<
  Band,
  ReturnType<typeof countersOf>
>

const OF_DISPOSITION = Object.fromEntries(DISPOSITIONS.map((name) => [name, `disposition:${name}`])) as Record<
  Disposition,
  string
>

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
