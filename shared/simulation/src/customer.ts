import type { ContractChange } from '@holdfast/core'
import { decimal, followPurchase, type Order, type Stage } from './aftermath.ts'
import type { EventData, EventFactory, ShopEvent, ShopEventType } from './event.ts'
import { Patience } from './patience.ts'
import { drawPerson, type Person } from './people.ts'
import type { Phase, Population } from './population.ts'
import { Rng } from './rng.ts'
import { BUSIEST_HOUR, DAY_MS, rhythm, type Season } from './season.ts'
import { Strain, strainOf } from './strain.ts'
import { campaignAt, STREAMS } from './streams.ts'
import { drawTraits, type Traits } from './traits.ts'

/** What the customers of one shop have in common. */
export interface ShopContext {
  readonly seed: number
  readonly population: Population
  readonly season: Season
  readonly makeEvent: EventFactory
  /** Events before this instant (ms) are lived through but not made. */
  readonly silentBefore: number
}

interface Task {
  readonly at: number
  readonly then: (at: number) => void
}

const NEVER = Number.POSITIVE_INFINITY

export function customerIdOf(index: number): string {
  return `cust-${String(index).padStart(6, '0')}`
}

/**
 * One customer's life, moved forward from event to event. Between boundaries (a new month, the end of a strain, a change
 * of phase) all rates are constant, so the next occurrence is one exponential draw, thinned by the hour of the customer's
 * day (Lewis and Shedler 1979); at a boundary it is drawn anew, which an exponential does not notice. Dropout comes when
 * the cumulated hazard `dropoutRate · ∫ exp(strain)` passes one exponential draw. The draws are consumed in an order that
 * nothing outside the customer can change.
 */
export class CustomerLife implements Stage {
  readonly id: string
  readonly index: number
  readonly rng: Rng
  readonly population: Population
  readonly traits: Traits
  readonly person: Person
  /** When `step` next has something to do, ms; infinite once the customer is erased. */
  nextAt: number
  boughtFirstAt: number | undefined
  fadesAt: number | undefined
  leavesAt: number | undefined
  erasedAt: number | undefined
  marketingAllowed = false

  readonly #shop: ShopContext
  readonly #strain: Strain
  readonly #tasks: Task[] = []
  readonly #rates = new Float64Array(STREAMS.length)
  #totalRate = 0
  #now: number
  #phase: Phase = 'active'
  readonly #patience: Patience
  #out: ShopEvent[] = []
  #serial = 0
  #orders = 0
  #dueStream = -1

  constructor(shop: ShopContext, index: number, signsUpAt: number) {
    const { population } = shop
    this.#shop = shop
    this.population = population
    this.id = customerIdOf(index)
    this.index = index
    const rng = new Rng(shop.seed, index)
    this.rng = rng
    this.traits = drawTraits(rng, population)
    this.person = drawPerson(rng, index, customerIdOf)
    this.#strain = new Strain(population.strain)
    this.#patience = new Patience(rng.exponential())
    this.#now = signsUpAt
    this.nextAt = signsUpAt
    this.schedule(signsUpAt, (at) => this.#signUp(at))
  }

  phase(): Phase {
    return this.#phase
  }

  strained(): boolean {
    return this.#strain.strained()
  }

  get ticketChance(): number {
    return this.traits.ticketChance
  }

  schedule(at: number, then: (at: number) => void): void {
    const whole = Math.ceil(at)
    let place = this.#tasks.length
    while (place > 0 && (this.#tasks[place - 1]?.at ?? 0) > whole) place--
    this.#tasks.splice(place, 0, { at: whole, then })
  }

  emit(type: ShopEventType, at: number, data: EventData): void {
    const serial = this.#serial++
    if (at >= this.#shop.silentBefore) {
      this.#out.push(this.#shop.makeEvent(type, `${this.id}-${serial}`, this.id, at, data))
    }
    const strain = strainOf(this.population.strain, type, data)
    if (strain === 0) return
    this.#patience.spend(at, this.#hazard())
    this.#strain.add(at, strain)
  }

  /** Lives through `nextAt`, appends what happened then to `out`, and looks for the next instant with something to do. */
  step(out: ShopEvent[]): void {
    this.#out = out
    this.#now = this.nextAt
    const stream = STREAMS[this.#dueStream]
    if (stream !== undefined) stream.happens(this, this.#now)
    else {
      const task = this.#tasks.shift()
      task?.then(task.at)
    }
    this.#lookAhead()
  }

  buy(at: number): void {
    const { rng } = this
    const channel = rng.pick(['web', 'web', 'app', 'store'])
    // Some sessions are seen as a visit, minutes before the purchase.
    if (channel !== 'store' && rng.chance(0.25)) {
      this.emit('engagement.visited', at, {})
      this.schedule(at + rng.between(2, 25) * 60_000, (then) => this.#purchase(then, channel))
    } else this.#purchase(at, channel)
  }

  requestContractChange(kind: ContractChange, at: number): void {
    this.emit('contract.change_requested', at, { kind })
  }

  erase(at: number): void {
    this.emit('customer.erased', at, {})
    this.erasedAt = at
  }

  #signUp(at: number): void {
    const { rng, population } = this
    this.emit('profile.updated', at, this.person.profile)
    this.marketingAllowed = this.person.profile.email !== undefined && rng.chance(0.75)
    this.emit('consent.changed', at, { purpose: 'marketing', granted: this.marketingAllowed })
    if (rng.chance(0.3)) this.emit('consent.changed', at, { purpose: 'outreach', granted: rng.chance(0.93) })
    if (rng.chance(population.prospectShare)) this.schedule(at + 30 * DAY_MS, (then) => this.#leave(then))
    else this.schedule(at + 60_000 + rng.exponential() * DAY_MS, (then) => this.#purchase(then, 'web'))
  }

  #purchase(at: number, channel: string): void {
    const { rng, traits, population } = this
    const number = this.#orders++
    const free = rng.chance(0.003)
    const amountMinor = free ? 0 : Math.max(99, Math.round(traits.medianSpendMinor * Math.exp(0.45 * rng.normal())))
    const order: Order = { orderId: `ord-${this.id}-${number}`, number, amountMinor, currency: this.person.currency }
    const data: Record<string, string | number> = {
      orderId: order.orderId,
      amount: decimal(amountMinor),
      currency: order.currency,
      units: 1 + Math.floor(rng.exponential() * 1.2),
      channel,
    }
    if (rng.chance(0.1)) data.campaignId = campaignAt(at)
    this.emit('purchase.completed', at, data)
    followPurchase(this, order, at)
    if (number === 0) {
      this.boughtFirstAt = at
      this.#patience.start(at)
      if (rng.chance(population.oneTimeShare)) this.#leave(at)
    } else if (number === 11) this.schedule(at + 1000, (then) => this.emit('profile.updated', then, { tier: 'gold' }))
  }

  #fade(at: number): void {
    const { fading } = this.population
    const choice = this.rng.weighted(
      fading.map(({ share }) => share),
      1,
    )
    const fadingMs = (fading[choice]?.days ?? 0) * DAY_MS
    this.fadesAt = at
    this.leavesAt = at + fadingMs
    this.#phase = 'fading'
  }

  #goodbye(at: number): void {
    if (this.rng.chance(this.population.goodbyeChance))
      this.schedule(at, (then) => this.requestContractChange('cancel', then))
    this.#leave(at)
  }

  #leave(at: number): void {
    this.fadesAt ??= at
    this.leavesAt = at
    this.#phase = 'gone'
  }

  /** Moves over boundaries and thinned-out draws up to the next instant at which something happens. */
  #lookAhead(): void {
    this.#dueStream = -1
    if (this.erasedAt !== undefined) {
      this.nextAt = NEVER
      return
    }
    this.#settleRates()
    for (;;) {
      const turnsAt = this.#turnsAt()
      const boundary = Math.min(this.#shop.season.nextChange(this.#now), this.#strain.nextEnd(), turnsAt)
      const taskAt = this.#tasks[0]?.at ?? NEVER
      const drawn = this.#now + (this.rng.exponential() / (this.#totalRate * BUSIEST_HOUR)) * DAY_MS
      const first = Math.min(boundary, taskAt, drawn)
      if (first === taskAt) {
        this.nextAt = taskAt
        return
      }
      if (first === boundary) {
        this.#now = boundary
        this.#patience.spend(boundary, this.#hazard())
        this.#strain.expire(boundary)
        if (boundary === turnsAt) this.#turn(boundary)
        this.#settleRates()
        continue
      }
      this.#now = drawn
      if (!this.rng.chance(rhythm(drawn, this.person.offsetMs) / BUSIEST_HOUR)) continue
      // Whole milliseconds, rounded up: never before what has already happened.
      this.nextAt = Math.ceil(drawn)
      this.#dueStream = this.rng.weighted(this.#rates, this.#totalRate)
      return
    }
  }

  #settleRates(): void {
    const season = this.#shop.season.factor(this.#now)
    let total = 0
    for (let i = 0; i < STREAMS.length; i++) {
      const rate = STREAMS[i]?.ratePerDay(this, season) ?? 0
      this.#rates[i] = rate
      total += rate
    }
    this.#totalRate = total
  }

  /** When the phase changes if nothing else happens first, ms. */
  #turnsAt(): number {
    if (this.#phase === 'gone' || this.boughtFirstAt === undefined) return NEVER
    if (this.leavesAt !== undefined) return this.leavesAt
    return Math.max(this.#now, this.#patience.endsAt(this.#hazard()))
  }

  #turn(at: number): void {
    if (this.#phase === 'active') this.#fade(at)
    else this.#goodbye(at)
  }

  #hazard(): number {
    return this.traits.dropoutRate * this.#strain.factor()
  }
}
