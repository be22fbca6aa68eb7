import { ACTION_KINDS, type ActionKind, type Assumption, type Band, type Outcomes, type Tallied } from '@holdfast/core'
import { iso } from '../dataset/guard.ts'
import type { Drift } from '../drift/measure-drift.ts'
import { DAY_MS } from '../settings.ts'
import type { BacktestRequest, BacktestRun } from './run.ts'

export interface BacktestReport {
  readonly model: string
  readonly learnedFrom: 'generated-shop' | 'log'
  readonly horizonDays: number
  readonly assume: Assumption
  /** First and last instant of decisions, and the end of what is known, ISO 8601. */
  readonly from: string
  readonly to: string
  readonly until: string
  readonly events: number
  readonly customers: number
  /** Jobs by kind, in all and of these at the first look of all. */
  readonly jobs: Readonly<Record<ActionKind, { readonly queued: number; readonly atStart: number }>>
  /** Jobs a day, by kind, those of the first look of all aside. */
  readonly aDay: Readonly<Record<ActionKind, Spread & { readonly mostOn: string | undefined }>>
  /** What came of those contacted, and of everybody who was not lapsed at the start. */
  readonly contacted: Readonly<Record<ActionKind, Judged>>
  readonly everybody: Judged
  readonly warning: {
    /** Customers who lapsed, each time anew; of these, who had been at risk before, and for whom outreach was queued then. */
    readonly lapsed: number
    readonly warned: number
    readonly contacted: number
    /** Days from entering at_risk until the lapse. */
    readonly days: Spread | undefined
  }
  readonly withheld: Tallied['withheld']
  /** Of customers as they stood at `to`; missing where the model does not say what it learned from. */
  readonly drift?: Drift
  /** UTC days; bands as they stood at the end of each. */
  readonly days: readonly {
    readonly day: string
    readonly jobs: Readonly<Record<ActionKind, number>>
    readonly bands: Readonly<Record<Band, number>>
  }[]
}

export interface Spread {
  readonly mean: number
  readonly median: number
  readonly p10: number
  readonly p90: number
  readonly most: number
}

export interface Judged extends Outcomes {
  /** Share of those judged; undefined where nobody is. */
  readonly share: number | undefined
}

/** What a backtest came to, for people and for files. */
export function backtestReport(
  { context, from, to, assume }: Omit<BacktestRequest, 'source'>,
  { tallied, events, customers, until }: Omit<BacktestRun, 'states'>,
  drift?: Drift,
): BacktestReport {
  const { days, atStart, warnings, contacted, everybody, withheld } = tallied
  const { model } = context
  const perKind = <V>(of: (kind: ActionKind) => V): Record<ActionKind, V> => ({
    'proactive-outreach': of('proactive-outreach'),
    reactivation: of('reactivation'),
  })
  return {
    model: model.version,
    learnedFrom: model.learnedFrom,
    horizonDays: model.horizonMs / DAY_MS,
    assume,
    from: iso(from),
    to: iso(to),
    until: iso(until),
    events,
    customers,
    jobs: perKind((kind) => ({
      queued: days.reduce((sum, day) => sum + day.jobs[kind], 0),
      atStart: atStart[kind],
    })),
    aDay: perKind((kind) => {
      const jobs = days.map((day, i) => day.jobs[kind] - (i === 0 ? atStart[kind] : 0))
      const spread = spreadOf(jobs)
      const busiest = spread.most === 0 ? undefined : days[jobs.indexOf(spread.most)]
      return { ...spread, mostOn: busiest && iso(busiest.at) }
    }),
    contacted: perKind((kind) => judged(contacted[kind])),
    everybody: judged(everybody),
    warning: {
      lapsed: warnings.lapsed,
      warned: warnings.warned,
      contacted: warnings.contacted,
      days: warnings.days.length === 0 ? undefined : spreadOf(warnings.days),
    },
    withheld,
    ...(drift && { drift }),
    days: days.map(({ at, jobs, bands }) => ({ day: iso(at), jobs, bands })),
  }
}

/** One line a day, for a spreadsheet. */
export function backtestDays({ days }: BacktestReport): {
  readonly header: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
} {
  const bands = ['prospect', 'healthy', 'watch', 'at_risk', 'lapsed'] as const
  return {
    header: ['day', ...ACTION_KINDS.map((kind) => `${kind.replace('-', '_')}_jobs`), ...bands],
    rows: days.map(({ day, jobs, bands: now }) => [
      day,
      ...ACTION_KINDS.map((kind) => jobs[kind]),
      ...bands.map((band) => now[band]),
    ]),
  }
}

function judged(outcomes: Outcomes): Judged {
  return { ...outcomes, share: outcomes.judged === 0 ? undefined : outcomes.churned / outcomes.judged }
}

/** Quantiles by nearest rank. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
    median: quantile(0.5),
    p10: quantile(0.1),
    p90: quantile(0.9),
    most: quantile(1),
  }
}
