import { ACTION_KINDS, type ActionKind, BANDS, type Band } from '@holdfast/core'

/** A change of band, as the log of changes tells it; instants in ms. */
export interface BandChange {
  readonly customer: string
  readonly at: number
  readonly band: Band
}

export interface ActionTaken {
  readonly customer: string
  readonly at: number
  readonly type: string
  readonly action: ActionKind
  readonly reason?: string | undefined
}

export interface Purchase {
  readonly customer: string
  readonly at: number
}

export interface Happened {
  readonly changes: readonly BandChange[]
  readonly actions: readonly ActionTaken[]
  readonly purchases: readonly Purchase[]
}

type CountOf<K extends string> = Record<K, number>

/** One week of domain time, from Monday, 00:00 UTC. */
export interface Week {
  /** `2010-01-04` */
  readonly from: string
  /** Customers in each band when it ended. */
  readonly bands: CountOf<Band>
  readonly purchases: number
  /** Jobs sent, by action. */
  readonly jobs: CountOf<ActionKind>
  /** Customers who bought while they were at risk or lapsed, by the band that they came back from. */
  readonly cameBack: CountOf<ReturnedFrom>
}

export const RETURNED_FROM = ['at_risk', 'lapsed'] as const
export type ReturnedFrom = (typeof RETURNED_FROM)[number]

export interface Report {
  readonly weeks: readonly Week[]
  readonly totals: {
    readonly customers: number
    readonly purchases: number
    readonly jobs: CountOf<ActionKind>
    readonly delivered: CountOf<ActionKind>
    /** Decisions not to contact somebody, by reason. */
    readonly withheld: Readonly<Record<string, number>>
    /**
     * Stays in a band: how many began, in how many of them the customer was contacted, and how many ended with a purchase; of
     * those with a contact likewise. Coming back is what happened, not what the contact caused.
     */
    readonly stays: Readonly<Record<ReturnedFrom, Stays>>
  }
}

export interface Stays {
  readonly began: number
  readonly endedWithPurchase: number
  readonly contacted: number
  readonly contactedAndEndedWithPurchase: number
}

const WEEK_MS = 7 * 86_400_000
/** The first Monday after 1970 began, ms. */
const MONDAY = 4 * 86_400_000

/** Counts, week by week, what happened. The order of what is given does not matter. */
export function weeksOf({ changes, actions, purchases }: Happened): Report {
  const byWeek = new Map<number, Counting>()
  const weekOf = (at: number): Counting => {
    const start = Math.floor((at - MONDAY) / WEEK_MS) * WEEK_MS + MONDAY
    let week = byWeek.get(start)
    if (week === undefined) {
      week = { moves: zeros(BANDS), purchases: 0, jobs: zeros(ACTION_KINDS), cameBack: zeros(RETURNED_FROM) }
      byWeek.set(start, week)
    }
    return week
  }
  const jobs = zeros(ACTION_KINDS)
  const delivered = zeros(ACTION_KINDS)
  const withheld: Record<string, number> = {}
  for (const { type, action, reason, at } of actions) {
    if (type === 'action.decided') {
      jobs[action]++
      weekOf(at).jobs[action]++
    } else if (type === 'action.delivered') delivered[action]++
    else if (type === 'action.suppressed') withheld[reason ?? '-'] = (withheld[reason ?? '-'] ?? 0) + 1
  }
  const stays = { at_risk: noStays(), lapsed: noStays() }
  const customers = byCustomer({ changes, actions, purchases })
  for (const happened of customers.values()) follow(happened)

  const starts = [...byWeek.keys()].sort((a, b) => a - b)
  const weeks: Week[] = []
  const bands = zeros(BANDS)
  for (let start = starts[0] ?? 0; start <= (starts.at(-1) ?? -1); start += WEEK_MS) {
    const week = weekOf(start)
    for (const band of BANDS) bands[band] += week.moves[band]
    const { purchases: bought, jobs: sent, cameBack } = week
    weeks.push({
      from: new Date(start).toISOString().slice(0, 10),
      bands: { ...bands },
      purchases: bought,
      jobs: sent,
      cameBack,
    })
  }
  return {
    weeks,
    totals: { customers: customers.size, purchases: purchases.length, jobs, delivered, withheld, stays },
  }

  /** One customer, in the order of time. */
  function follow(happened: Step[]): void {
    let band: Band | undefined
    let isContacted = false
    let hasReturned = false
    for (const step of happened.sort(byTime)) {
      if (step.kind === 'change') {
        const week = weekOf(step.at)
        if (band !== undefined) week.moves[band]--
        week.moves[step.band]++
        if (step.band !== band) {
          band = step.band
          isContacted = false
          hasReturned = false
          if (isReturnedFrom(band)) stays[band].began++
        }
      } else if (step.kind === 'purchase') {
        weekOf(step.at).purchases++
        if (band === undefined || !isReturnedFrom(band) || hasReturned) continue
        hasReturned = true
        weekOf(step.at).cameBack[band]++
        stays[band].endedWithPurchase++
        if (isContacted) stays[band].contactedAndEndedWithPurchase++
      } else if (band !== undefined && isReturnedFrom(band) && !isContacted && !hasReturned) {
        isContacted = true
        stays[band].contacted++
      }
    }
  }
}

interface Counting {
  readonly moves: CountOf<Band>
  purchases: number
  readonly jobs: CountOf<ActionKind>
  readonly cameBack: CountOf<ReturnedFrom>
}

type Step =
  | { readonly kind: 'change'; readonly at: number; readonly band: Band }
  | { readonly kind: 'purchase' | 'contact'; readonly at: number }

/** At one instant: the change of band comes before the contact that it causes; a purchase, before the change that it causes. */
const RANK = { purchase: 0, change: 1, contact: 2 } as const

function byTime(a: Step, b: Step): number {
  return a.at - b.at || RANK[a.kind] - RANK[b.kind]
}

function byCustomer({ changes, actions, purchases }: Happened): Map<string, Step[]> {
  const customers = new Map<string, Step[]>()
  const add = (customer: string, step: Step) => {
    const steps = customers.get(customer)
    if (steps === undefined) customers.set(customer, [step])
    else steps.push(step)
  }
  for (const { customer, at, band } of changes) add(customer, { kind: 'change', at, band })
  for (const { customer, at } of purchases) add(customer, { kind: 'purchase', at })
  for (const { customer, at, type } of actions) if (type === 'action.decided') add(customer, { kind: 'contact', at })
  return customers
}

function isReturnedFrom(band: Band): band is ReturnedFrom {
  return band === 'at_risk' || band === 'lapsed'
}

function zeros<K extends string>(keys: readonly K[]): CountOf<K> {
  const counts = {} as CountOf<K>
  for (const key of keys) counts[key] = 0
  return counts
}

function noStays() {
  return { began: 0, endedWithPurchase: 0, contacted: 0, contactedAndEndedWithPurchase: 0 }
}
