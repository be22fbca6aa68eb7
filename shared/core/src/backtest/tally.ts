import { ACTION_KINDS, type ActionKind, type CustomerEvent } from '../event.ts'
import type { Withheld } from '../policy/decide.ts'
import { BANDS, type Band, type Decided } from '../state/customer-state.ts'
import { DAY_MS } from '../time.ts'
import { OpenOutcomes, type Outcomes } from './outcomes.ts'
import type { SimulatedLook } from './simulate.ts'
import { type Warnings, WarningTimes } from './warnings.ts'

export interface TallyOptions {
  /** ms */
  readonly from: number
  readonly to: number
  readonly horizonMs: number
}

/** One UTC day of a backtest. */
export interface BacktestDay {
  /** Its first instant, ms. */
  readonly at: number
  readonly jobs: Readonly<Record<ActionKind, number>>
  /** Customers in each band at the end of the day. */
  readonly bands: Readonly<Record<Band, number>>
}

/** How often a decision came to be withheld. */
export interface WithheldCount {
  readonly action: ActionKind
  readonly reason: Withheld
  readonly times: number
}

export interface Tallied {
  readonly days: readonly BacktestDay[]
  /** Of which at the first look of all, which takes everybody at once. */
  readonly atStart: Readonly<Record<ActionKind, number>>
  readonly withheld: readonly WithheldCount[]
  readonly warnings: Warnings
  /** What came of those who were contacted, by action. */
  readonly contacted: Readonly<Record<ActionKind, Outcomes>>
  /** What came of all who were not lapsed at the start: what a contact chosen by lot would have met. */
  readonly everybody: Outcomes
}

/** Counts what a simulation does, and what the log says came of it. Memory grows with customers, jobs and days. */
export class Tally {
  private readonly firstDay: number
  private readonly days: number
  private readonly jobs: Readonly<Record<ActionKind, Int32Array>>
  /** Into each band on each day, less those out of it. */
  private readonly moves: Readonly<Record<Band, Int32Array>>
  private readonly atStart = perAction(() => 0)
  private readonly withheld = new Map<string, { action: ActionKind; reason: Withheld; times: number }>()
  private readonly warnings: WarningTimes
  private readonly contacted: Readonly<Record<ActionKind, OpenOutcomes>>
  private readonly everybody: OpenOutcomes

  constructor({ from, to, horizonMs }: TallyOptions) {
    this.firstDay = Math.floor(from / DAY_MS)
    this.days = Math.ceil(to / DAY_MS) - this.firstDay
    const perDay = () => new Int32Array(this.days)
    this.jobs = perAction(perDay)
    this.moves = perBand(perDay)
    this.warnings = new WarningTimes(from)
    this.contacted = perAction(() => new OpenOutcomes(horizonMs))
    this.everybody = new OpenOutcomes(horizonMs)
  }

  look({ customerId, state, at, isStart, evaluation, isNewDecision }: SimulatedLook): void {
    const { decision, changedFrom, decided } = evaluation
    const { band, enteredAt } = decided
    const day = this.dayOf(at)
    if (changedFrom !== undefined) {
      this.moves[band][day]!++
      if (changedFrom !== 'none') this.moves[changedFrom][day]!--
      this.warnings.entered(customerId, band, enteredAt, state.purchases?.recent[0])
    }
    if (isStart && band !== 'prospect' && band !== 'lapsed') this.everybody.open(customerId, at)
    const { action, disposition, withheld } = decision
    if (!isNewDecision || action === undefined) return
    if (disposition === 'queued') {
      this.jobs[action][day]!++
      if (isStart) this.atStart[action]++
      this.contacted[action].open(customerId, at)
      if (action === 'proactive-outreach') this.warnings.contacted(customerId)
    } else if (withheld !== undefined && !(disposition === 'recorded' && changedFrom === undefined)) {
      // A refusal that has become too late as well was counted before.
      const key = `${action} ${withheld}`
      const count = this.withheld.get(key) ?? { action, reason: withheld, times: 0 }
      count.times++
      this.withheld.set(key, count)
    }
  }

  erased(customerId: string, { band }: Decided, at: number): void {
    this.moves[band][this.dayOf(at)]!--
    this.warnings.forget(customerId)
    for (const outcomes of [this.everybody, ...ACTION_KINDS.map((kind) => this.contacted[kind])]) {
      outcomes.forget(customerId)
    }
  }

  /** Every event of the log goes by here, also after the last decision, when the simulation has seen to it. */
  hear(event: CustomerEvent): void {
    if (event.type !== 'purchase.completed') return
    this.everybody.bought(event.customerId, event.time)
    for (const kind of ACTION_KINDS) this.contacted[kind].bought(event.customerId, event.time)
  }

  /** @param until the end of what is known, ms */
  result(until: number): Tallied {
    const now = perBand(() => 0)
    const days = Array.from({ length: this.days }, (_, day): BacktestDay => {
      for (const band of BANDS) now[band] += this.moves[band][day]!
      return {
        at: (this.firstDay + day) * DAY_MS,
        jobs: perAction((kind) => this.jobs[kind][day]!),
        bands: { ...now },
      }
    })
    return {
      days,
      atStart: { ...this.atStart },
      withheld: [...this.withheld.values()].sort((a, b) => b.times - a.times),
      warnings: this.warnings.result(),
      contacted: perAction((kind) => this.contacted[kind].result(until)),
      everybody: this.everybody.result(until),
    }
  }

  private dayOf(at: number): number {
    return Math.floor(at / DAY_MS) - this.firstDay
  }
}

function perAction<V>(of: (kind: ActionKind) => V): Record<ActionKind, V> {
  return { 'proactive-outreach': of('proactive-outreach'), reactivation: of('reactivation') }
}

function perBand<V>(of: (band: Band) => V): Record<Band, V> {
  return {
    prospect: of('prospect'),
    healthy: of('healthy'),
    watch: of('watch'),
    at_risk: of('at_risk'),
    lapsed: of('lapsed'),
  }
}
