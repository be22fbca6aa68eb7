import { ANSWER_WITHIN_MS } from './aftermath.ts'
import type { ShopEvent } from './event.ts'
import { type ByPhase, PHASES, type Phase, type Population } from './population.ts'
import { DAY_MS } from './season.ts'
import { moodOf, Strain, strainOf } from './strain.ts'

/** Sightings of one customer, each with the log of its factor in every phase, summed up to any instant. */
export class Sightings {
  readonly times: number[] = []
  readonly #sums: Readonly<Record<Phase, number[]>> = { active: [0], fading: [0], gone: [0] }

  add(at: number, factors: ByPhase): void {
    this.times.push(at)
    for (const phase of PHASES) {
      const sums = this.#sums[phase]
      // Purchases and requests of somebody gone have factor 0; the posterior never asks for them, so any number will do.
      sums.push((sums[sums.length - 1] ?? 0) + (factors[phase] > 0 ? Math.log(factors[phase]) : 0))
    }
  }

  /** Log of the factor of all sightings when the customer fades at `fadesAt` and leaves at `leavesAt`. */
  logFactor(fadesAt: number, leavesAt: number): number {
    const fading = this.#countBefore(fadesAt)
    const gone = this.#countBefore(leavesAt)
    const { active, fading: fades, gone: goes } = this.#sums
    const at = (sums: readonly number[], i: number): number => sums[i] ?? 0
    return at(active, fading) + at(fades, gone) - at(fades, fading) + at(goes, this.times.length) - at(goes, gone)
  }

  #countBefore(at: number): number {
    let low = 0
    let high = this.times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.times[middle] ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A function of time that rises linearly between knots: an exposure, in days. */
export class Exposure {
  readonly knots: number[]
  readonly #slopes: number[] = []
  readonly #values: number[] = [0]

  constructor(start: number, slope: number) {
    this.knots = [start]
    this.#slopes.push(slope)
  }

  /** From `at` on the slope is `slope`. */
  turn(at: number, slope: number): void {
    this.#values.push(this.value(at))
    this.knots.push(at)
    this.#slopes.push(slope)
  }

  value(at: number): number {
    const i = this.#segment(at)
    return (this.#values[i] ?? 0) + (this.#slopes[i] ?? 0) * (Math.max(0, at - (this.knots[i] ?? 0)) / DAY_MS)
  }

  slope(at: number): number {
    return this.#slopes[this.#segment(at)] ?? 0
  }

  #segment(at: number): number {
    let i = this.knots.length - 1
    while (i > 0 && (this.knots[i] ?? 0) > at) i--
    return i
  }
}

/** What the events of one customer up to an instant say, in the terms of the likelihood. */
export interface Observation {
  readonly at: number
  readonly signedUpAt: number
  readonly boughtFirstAt: number
  /** Purchases after the first. */
  readonly repeats: number
  readonly visits: number
  readonly opens: number
  readonly cancels: readonly number[]
  /** Last time that the customer was certainly not gone: a purchase or a request to change the contract. */
  readonly lastAliveAt: number
  readonly sightings: Sightings
  /** Days with marketing allowed since sign-up. */
  readonly mailed: Exposure
  /** Integral of exp(strain) since the first purchase, days. */
  readonly hazard: Exposure
}

/** Longest time between a purchase and the visit that led to it. */
const SESSION_MS = 25 * 60_000 + 1

/**
 * Reads one customer's events up to and including `at`, in order of time. Undefined for somebody who has not bought or
 * has been erased: there is nothing to be estimated.
 */
export function observe(events: readonly ShopEvent[], at: number, population: Population): Observation | undefined {
  const seen = events.filter(({ timeMs }) => timeMs <= at)
  const first = seen.find(({ event }) => event.type === 'purchase.completed')
  const signedUpAt = seen[0]?.timeMs
  if (first === undefined || signedUpAt === undefined) return undefined
  if (seen.some(({ event }) => event.type === 'customer.erased')) return undefined

  const boughtFirstAt = first.timeMs
  const sightings = new Sightings()
  const mailed = new Exposure(signedUpAt, 0)
  const hazard = new Exposure(boughtFirstAt, 1)
  const strain = new Strain(population.strain)
  const relax = (until: number): void => {
    while (strain.nextEnd() <= until) {
      const end = strain.nextEnd()
      strain.expire(end)
      hazard.turn(end, strain.factor())
    }
  }
  const session = new Set<ShopEvent>()
  let lastVisit: ShopEvent | undefined
  for (const shopEvent of seen) {
    if (shopEvent.event.type === 'engagement.visited') lastVisit = shopEvent
    if (shopEvent.event.type !== 'purchase.completed' || shopEvent.event.data.channel === 'store') continue
    if (lastVisit !== undefined && shopEvent.timeMs - lastVisit.timeMs <= SESSION_MS) session.add(lastVisit)
  }
  let repeats = -1
  let visits = 0
  let opens = 0
  let allowed = false
  let lastAliveAt = boughtFirstAt
  const cancels: number[] = []
  seen.forEach((shopEvent, i) => {
    const { event, timeMs } = shopEvent
    relax(timeMs)
    switch (event.type) {
      case 'purchase.completed':
        repeats++
        lastAliveAt = timeMs
        if (repeats > 0) sightings.add(timeMs, population.purchaseFactor)
        break
      case 'engagement.visited':
        if (session.has(shopEvent)) break
        visits++
        sightings.add(timeMs, population.visitFactor)
        break
      case 'engagement.email_opened': {
        opens++
        const clicked = isFollowedByClick(seen, i)
        sightings.add(
          timeMs,
          byPhase((phase) => {
            const click = population.clickChance[phase]
            return population.openFactor[phase] * (clicked ? click : 1 - click)
          }),
        )
        break
      }
      case 'survey.requested':
        sightings.add(timeMs, answerFactors(seen, i, at, strain.strained(), population))
        break
      case 'contract.change_requested': {
        const kind = event.data.kind
        lastAliveAt = timeMs
        if (kind === 'upgrade' || kind === 'downgrade' || kind === 'pause')
          sightings.add(timeMs, population.contract[kind])
        if (kind === 'cancel') cancels.push(timeMs)
        break
      }
      case 'consent.changed': {
        if (event.data.purpose !== 'marketing') break
        const granted = event.data.granted === true
        if (allowed && !granted) sightings.add(timeMs, population.withdrawals)
        if (allowed !== granted) mailed.turn(timeMs, granted ? 1 : 0)
        allowed = granted
        break
      }
      default:
    }
    const weight = strainOf(population.strain, event.type, event.data)
    if (weight === 0) return
    strain.add(timeMs, weight)
    hazard.turn(timeMs, strain.factor())
  })
  // Strains still running will end, whatever else happens.
  relax(Number.MAX_SAFE_INTEGER)
  return { at, signedUpAt, boughtFirstAt, repeats, visits, opens, cancels, lastAliveAt, sightings, mailed, hazard }
}

function byPhase(of: (phase: Phase) => number): ByPhase {
  return { active: of('active'), fading: of('fading'), gone: of('gone') }
}

function isFollowedByClick(seen: readonly ShopEvent[], opened: number): boolean {
  for (let i = opened + 1; i < seen.length; i++) {
    const type = seen[i]?.event.type
    if (type === 'engagement.email_clicked') return true
    if (type === 'engagement.email_opened') return false
  }
  return false
}

/** Factors of a request's answer, or of its silence so far: answers come evenly over `ANSWER_WITHIN_MS`. */
function answerFactors(
  seen: readonly ShopEvent[],
  requested: number,
  at: number,
  strained: boolean,
  population: Population,
): ByPhase {
  const request = seen[requested]
  if (request === undefined) throw new Error('no such request')
  const answer = seen.find(
    ({ event, timeMs }, i) =>
      i > requested &&
      timeMs - request.timeMs <= ANSWER_WITHIN_MS + 1 &&
      event.type === 'survey.responded' &&
      event.data.kind === request.event.data.kind,
  )
  const { kind, score } = answer?.event.data ?? {}
  if ((kind === 'csat' || kind === 'nps' || kind === 'ces') && typeof score === 'number') {
    const mood = moodOf(kind, score)
    const shares = population.mood[strained ? 'strained' : 'calm']
    return byPhase((phase) => population.answerChance[phase] * shares[phase][mood])
  }
  const waited = Math.min(1, (at - request.timeMs) / ANSWER_WITHIN_MS)
  return byPhase((phase) => 1 - population.answerChance[phase] * waited)
}
