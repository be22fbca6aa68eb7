import { minimiseSmooth } from './minimise.ts'
import { hypergeometric2F1Rest, logBeta, logGamma, scaledHypergeometric2F1 } from './special.ts'

/**
 * The BG/NBD model of repeat buying (P. Fader, B. Hardie, K. Lee, "Counting Your Customers" the Easy Way, Marketing Science
 * 24, 2005): a customer buys at a rate from Gamma(r, alpha), a week being the unit, and may leave for good after any
 * purchase, with a chance from Beta(a, b).
 */
export interface BgNbd {
  readonly r: number
  /** Weeks. */
  readonly alpha: number
  readonly a: number
  readonly b: number
}

/** What the model needs of a customer. */
export interface BuyingHistory {
  /** Purchases after the first; several on one day are one. */
  readonly repeats: number
  /** From the first to the last purchase, weeks; 0 without a repeat. */
  readonly lastWeeks: number
  /** From the first purchase to now, weeks. */
  readonly ageWeeks: number
}

export interface BgNbdFit extends BgNbd {
  readonly logLikelihood: number
  readonly customers: number
  /** False where the search still gained when it ran out of steps. */
  readonly converged: boolean
  /** The likelihood still rises where a parameter is huge or tiny: customers differ less than the model can say. */
  readonly atEdge: boolean
}

/** Parameters beyond e^±12 say that the likelihood has no maximum. */
const EDGE = 12
const ENOUGH_TO_BEGIN = 1_000

/** By maximum likelihood. Needs at least one customer; some with repeats, or nothing about leaving can be learned. */
export function fitBgNbd(histories: Iterable<BuyingHistory>): BgNbdFit {
  const groups = grouped(histories)
  const customers = groups.reduce((sum, { times }) => sum + times, 0)
  const meanAge = groups.reduce((sum, { ageWeeks, times }) => sum + times * ageWeeks, 0) / customers
  const age = Math.log(Math.max(1, meanAge))
  const minimum = (of: readonly Group[], starts: readonly (readonly number[])[]) =>
    minimiseSmooth(
      (logs) => (beyondEdge(logs) ? Number.POSITIVE_INFINITY : -groupedLogLikelihood(fromLogs(logs), of)),
      starts,
    )
  // Where to begin, a part says as well as all.
  const every = Math.ceil(groups.length / ENOUGH_TO_BEGIN)
  const begun = minimum(
    groups.filter((_, i) => i % every === 0),
    [
      [0, age - 2, 0, 0],
      [-1, age - 2, 0, 1],
      [-1, age - 1, -1, 0.5],
      [1, age, -1, 1],
    ],
  )
  const found = every > 1 ? minimum(groups, [begun.point]) : begun
  return {
    ...fromLogs(found.point),
    logLikelihood: -found.value,
    customers,
    converged: found.converged,
    atEdge: found.point.some((log) => Math.abs(log) > EDGE - 2),
  }
}

/** Sum over customers of ln L (eq. 6 of the paper). */
export function bgNbdLogLikelihood(model: BgNbd, histories: Iterable<BuyingHistory>): number {
  return groupedLogLikelihood(model, grouped(histories))
}

/** The chance that the customer has not left (Fader, Hardie & Lee, "Computing P(alive) using the BG/NBD model", 2008). */
export function probabilityAlive({ r, alpha, a, b }: BgNbd, history: BuyingHistory): number {
  const { repeats: x, lastWeeks, ageWeeks } = history
  if (x === 0) return 1
  const left = Math.log(a / (b + x - 1)) + (r + x) * Math.log((alpha + ageWeeks) / (alpha + lastWeeks))
  return 1 / (1 + Math.exp(left))
}

/**
 * The chance of no purchase in the next `weeks`. Who is alive leaves only after a purchase, and the rate of one who is alive
 * has the posterior Gamma(r + x, alpha + age), so this is 1 - P(alive) · (1 - ((alpha + age) / (alpha + age + weeks))^(r + x)).
 */
export function probabilityOfSilence(model: BgNbd, history: BuyingHistory, weeks: number): number {
  const seen = model.alpha + history.ageWeeks
  const waits = Math.exp((model.r + history.repeats) * -Math.log1p(weeks / seen))
  return 1 - probabilityAlive(model, history) * (1 - waits)
}

/** Purchases to expect in the next `weeks` (eq. 10 of the paper). */
export function expectedPurchases(model: BgNbd, history: BuyingHistory, weeks: number): number {
  const seenWeeks = model.alpha + history.ageWeeks
  return purchasesWhileThere(model, history.repeats, seenWeeks, weeks) * probabilityAlive(model, history)
}

/**
 * Purchases to expect in the next `weeks` of somebody who has not left yet: eq. 10 of the paper without P(alive), as it stands or
 * after Euler's transformation of ₂F₁, which takes fewer terms but loses digits where r is much larger than a + b.
 *
 * @param seenWeeks alpha and the age
 */
export function purchasesWhileThere(model: BgNbd, repeats: number, seenWeeks: number, weeks: number): number {
  if (weeks <= 0) return 0
  const { r, b } = model
  if (model.a > SMOOTH) return averagedPurchases(model, repeats, seenWeeks, weeks)
  // The formula is 0/0 where a = 1 or a + b + x = 1, though its limit is smooth.
  const a = apart(model.a, 1)
  const c = apart(a + b + repeats - 1, 0)
  const z = weeks / (seenWeeks + weeks)
  const log = Math.log1p(-z)
  if (a + b - 1 - r < DEEP) {
    // Such an inner may be the result of many thousand terms: the hole at a = 1 is wider here.
    const [off, below] = [apart(a, 1, 1e-4), apart(a, 1, 1e-4) + b + repeats - 1]
    const inner = scaledHypergeometric2F1((r + repeats) * log, r + repeats, b + repeats, below, z)
    return Math.max(0, (below / (off - 1)) * (1 - inner))
  }
  // 1 less the product, divided by a - 1 term by term: the difference would lose the digits of small results.
  const power = (a - 1) * log
  const rest = Math.exp(power) * hypergeometric2F1Rest(c - r - repeats, a - 1, c, z)
  return Math.max(0, c * (-Math.expm1(power) / (a - 1) - rest))
}

/** From here on the dropout's distribution is a narrow bell, and the terms of ₂F₁ are too large to add up. */
const SMOOTH = 20
const NODES = 200
/** Below it, the terms after Euler's transformation cancel each other. */
const DEEP = -4

/**
 * The same as an average over the dropout p of who is alive, Beta(a, b + x), of what a rate from Gamma(r + x, seen) yields
 * until the dropout: (1 - (1 + p · weeks / seen)^-(r + x)) / p.
 */
function averagedPurchases(model: BgNbd, repeats: number, seenWeeks: number, weeks: number): number {
  const { r, a } = model
  const b = model.b + repeats
  const mean = a / (a + b)
  const reach = 9 * Math.sqrt((mean * (1 - mean)) / (a + b + 1))
  const low = Math.max(1e-12, mean - reach)
  const step = (Math.min(1 - 1e-12, mean + reach) - low) / NODES
  const peak = (a - 1) * Math.log(mean) + (b - 1) * Math.log1p(-mean)
  let total = 0
  let weight = 0
  for (let i = 0; i <= NODES; i++) {
    const p = low + i * step
    const density =
      (i % 2 === 1 ? 4 : i === 0 || i === NODES ? 1 : 2) *
      Math.exp((a - 1) * Math.log(p) + (b - 1) * Math.log1p(-p) - peak)
    weight += density
    total += (density * -Math.expm1(-(r + repeats) * Math.log1p((p * weeks) / seenWeeks))) / p
  }
  return total / weight
}

function apart(value: number, from: number, least = 1e-6): number {
  return Math.abs(value - from) < least ? from + least : value
}

interface Group extends BuyingHistory {
  readonly times: number
}

/** Customers with one history count once: a log of days has far fewer histories than customers. */
function grouped(histories: Iterable<BuyingHistory>): Group[] {
  const groups = new Map<string, BuyingHistory & { times: number }>()
  for (const { repeats, lastWeeks, ageWeeks } of histories) {
    const key = `${repeats} ${lastWeeks} ${ageWeeks}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { repeats, lastWeeks, ageWeeks, times: 1 })
    else group.times++
  }
  return [...groups.values()]
}

function groupedLogLikelihood({ r, alpha, a, b }: BgNbd, groups: readonly Group[]): number {
  const byRepeats = new Map<number, number>()
  const start = r * Math.log(alpha) - logGamma(r)
  const startBeta = logBeta(a, b)
  let total = 0
  for (const { repeats: x, lastWeeks, ageWeeks, times } of groups) {
    let constant = byRepeats.get(x)
    if (constant === undefined) {
      constant = logGamma(r + x) + start + logBeta(a, b + x) - startBeta
      byRepeats.set(x, constant)
    }
    const alive = -(r + x) * Math.log(alpha + ageWeeks)
    if (x === 0) {
      total += times * (constant + alive)
      continue
    }
    const gone = Math.log(a / (b + x - 1)) - (r + x) * Math.log(alpha + lastWeeks)
    const larger = Math.max(alive, gone)
    total += times * (constant + larger + Math.log1p(Math.exp(Math.min(alive, gone) - larger)))
  }
  return total
}

function fromLogs(logs: readonly number[]): BgNbd {
  return { r: Math.exp(logs[0]!), alpha: Math.exp(logs[1]!), a: Math.exp(logs[2]!), b: Math.exp(logs[3]!) }
}

function beyondEdge(logs: readonly number[]): boolean {
  return logs.some((log) => Math.abs(log) > EDGE)
}
