/**
 * What predictive CLV foretells beside what was taken for it before: each customer's value as said at an instant, from a fit to
 * what was known then, against what they spent afterwards (net of what went back).
 */
import { createValuation, DAY_MS, facts, PurchaseDays, predictedValueMinor } from '@holdfast/core'
import { createStatesAt, fitCustomerValue } from '@holdfast/trainer'
import { eventsOf, type LearningLog } from './learning-events.ts'

interface Period {
  readonly log: LearningLog
  readonly at: string
  readonly days: number
}

const PERIODS: readonly Period[] = [
  { log: 'cdnow', at: '1997-10-01', days: 270 },
  { log: 'cdnow', at: '1998-01-01', days: 180 },
  { log: 'retail', at: '2010-06-01', days: 180 },
  { log: 'retail', at: '2010-09-01', days: 90 },
  { log: 'shop', at: '2025-07-01', days: 365 },
]

/** Prints the table. */
export async function tryValue(folder: string): Promise<void> {
  console.log(
    'said at an instant of each customer, against what was spent in the days after; without → with predictive CLV\n',
  )
  for (const { log, at: day, days } of PERIODS) {
    const at = Date.parse(`${day}T00:00:00Z`)
    const end = at + days * DAY_MS
    const states = createStatesAt([at])
    const purchases = new Map<string, PurchaseDays>()
    const spent = new Map<string, number>()
    for (const event of await eventsOf(log, folder)) {
      if (event.knownAt <= at) states.add(event)
      const sign = event.type === 'purchase.completed' ? 1 : isReversal(event.type) ? -1 : 0
      if (sign === 0 || !('amountMinor' in event)) continue
      const { customerId, time, amountMinor } = event
      if (time > at && time <= end) spent.set(customerId, (spent.get(customerId) ?? 0) + sign * amountMinor)
      if (sign < 0 || time > at) continue
      const known = purchases.get(customerId) ?? new PurchaseDays()
      purchases.set(customerId, known)
      known.add(time, amountMinor)
    }
    const fit = fitCustomerValue({ purchases, at, knownUntil: at, horizonMs: days * DAY_MS })
    if (fit.value === undefined) throw new Error(`${log} at ${day}: ${fit.why}`)
    const { bgNbd: buying, gammaGamma: spending, yearlyDiscount } = fit.value
    const valuation = createValuation({ buying, spending, horizon: { weeks: days / 7, yearlyDiscount } })
    const customers = [...states.ids()].flatMap(([id, index]) => {
      const state = states.at(index, 0)
      return state.purchases === undefined ? [] : [{ id, seen: facts(state, at) }]
    })
    const came = customers.map(({ id }) => Math.max(0, spent.get(id) ?? 0))
    const without = customers.map(({ seen }) => (predictedValueMinor(seen, undefined) * days) / 365)
    const predicted = customers.map(({ seen }) => predictedValueMinor(seen, valuation))
    const both = (figure: (said: readonly number[]) => string) => `${figure(without)} → ${figure(predicted)}`
    console.log(
      `${log.padEnd(7)} ${day}, ${String(days).padStart(3)} days, ${customers.length} customers: rank correlation ${both((said) => correlation(ranks(said), ranks(came)).toFixed(3))}; ${both((said) => `${((100 * sum(said)) / sum(came)).toFixed(0)} %`)} of the money; top tenth ${both((said) => `${(100 * fromTopTenth(said, came)).toFixed(0)} %`)} of it`,
    )
  }
}

function isReversal(type: string): boolean {
  return type === 'purchase.refunded' || type === 'purchase.cancelled'
}

function fromTopTenth(said: readonly number[], came: readonly number[]): number {
  const order = [...said.keys()].sort((a, b) => said[b]! - said[a]!)
  return sum(order.slice(0, Math.round(order.length / 10)).map((i) => came[i]!)) / sum(came)
}

/** From 0; those of equal values share their mean. */
function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const ranked = new Array<number>(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++
    for (let i = from; i < to; i++) ranked[order[i]!] = (from + to - 1) / 2
    from = to
  }
  return ranked
}

function correlation(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [sum(one) / one.length, sum(other) / other.length]
  const over = (of: (i: number) => number) => sum([...one.keys()].map(of))
  const together = over((i) => (one[i]! - a) * (other[i]! - b))
  return together / Math.sqrt(over((i) => (one[i]! - a) ** 2) * over((i) => (other[i]! - b) ** 2))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
