import type { CustomerLife, ShopContext } from './customer.ts'
import type { ShopEvent } from './event.ts'
import { latentNoPurchase } from './latent.ts'
import { observe } from './observation.ts'
import type { Phase } from './population.ts'
import { posteriorNoPurchase } from './posterior.ts'
import type { Traits } from './traits.ts'

/** What is true of a customer, up to the end of the shop's stream. Times are ms, undefined when it has not happened. */
export interface CustomerTruth {
  readonly traits: Traits
  readonly boughtFirstAt: number | undefined
  /** Turns away: from here on purchases, visits and mails become rare. */
  readonly fadesAt: number | undefined
  /** Never buys again. May lie past the end of the stream for somebody who is fading there. */
  readonly leavesAt: number | undefined
  readonly erasedAt: number | undefined
}

/** One customer of a generated shop: the events, the truth behind them, and what could at best be known of the future. */
export class GeneratedCustomer {
  readonly id: string
  readonly signedUpAt: number
  readonly #shop: ShopContext
  readonly #begin: () => CustomerLife
  readonly #until: number
  #lived: { readonly events: readonly ShopEvent[]; readonly truth: CustomerTruth } | undefined

  constructor(shop: ShopContext, begin: () => CustomerLife, until: number) {
    const life = begin()
    this.id = life.id
    this.signedUpAt = life.nextAt
    this.#shop = shop
    this.#begin = begin
    this.#until = until
  }

  /** All events of this customer, from sign-up to the end of the stream, in order of time. */
  get events(): readonly ShopEvent[] {
    return this.#live().events
  }

  get truth(): CustomerTruth {
    return this.#live().truth
  }

  /** Phase at an instant of the stream, ms. */
  phaseAt(at: number): Phase {
    const { fadesAt, leavesAt } = this.truth
    if (leavesAt !== undefined && leavesAt <= at) return 'gone'
    return fadesAt !== undefined && fadesAt <= at ? 'fading' : 'active'
  }

  /**
   * The latent ceiling: probability of no purchase in (at, at + horizonMs] with rates and phase at `at` known. 1 once
   * erased; undefined before the first purchase.
   */
  probabilityOfNoPurchase(at: number, horizonMs: number): number | undefined {
    const { population, season } = this.#shop
    const { truth, events } = this.#live()
    if (truth.boughtFirstAt === undefined || truth.boughtFirstAt > at) return undefined
    const seen = observe(events, at, population)
    if (seen === undefined) return 1
    const { purchaseRate, dropoutRate } = truth.traits
    const { leavesAt } = truth
    const state = { at, phase: this.phaseAt(at), leavesAt, purchaseRate, dropoutRate, hazard: seen.hazard }
    return latentNoPurchase(state, horizonMs, population, season)
  }

  /**
   * The posterior ceiling: the same probability given only the events up to `at` and the population. No model that reads
   * the same events can rank better on average. 1 once erased; undefined before the first purchase.
   */
  posterior(at: number, horizonMs: number): number | undefined {
    const { population, season } = this.#shop
    const { truth, events } = this.#live()
    if (truth.boughtFirstAt === undefined || truth.boughtFirstAt > at) return undefined
    const seen = observe(events, at, population)
    return seen === undefined ? 1 : posteriorNoPurchase(seen, horizonMs, population, season)
  }

  /** Whether there was no purchase in (at, at + horizonMs]; that span must lie within the stream to mean anything. */
  churned(at: number, horizonMs: number): boolean {
    return !this.events.some(
      ({ event, timeMs }) => event.type === 'purchase.completed' && timeMs > at && timeMs <= at + horizonMs,
    )
  }

  #live(): { readonly events: readonly ShopEvent[]; readonly truth: CustomerTruth } {
    if (this.#lived !== undefined) return this.#lived
    if (!Number.isFinite(this.#until)) throw new Error('a life without end has no truth: give the shop a finite until')
    const life = this.#begin()
    const events: ShopEvent[] = []
    while (life.nextAt < this.#until) life.step(events)
    const { traits, boughtFirstAt, fadesAt, leavesAt, erasedAt } = life
    this.#lived = { events, truth: { traits, boughtFirstAt, fadesAt, leavesAt, erasedAt } }
    return this.#lived
  }
}
