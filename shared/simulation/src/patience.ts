import { DAY_MS } from './season.ts'

/**
 * When a hazard that changes from time to time strikes: once its integral passes an exponential draw with mean 1 (the
 * inversion of the cumulated hazard; Devroye 1986, VI.2). Hazards are a day, times ms.
 */
export class Patience {
  #left: number
  #spentUntil: number | undefined

  constructor(exponentialDraw: number) {
    this.#left = exponentialDraw
  }

  /** From here on the hazard counts. */
  start(at: number): void {
    this.#spentUntil = at
  }

  /** Charges `hazard` up to `at`; to be called before the hazard changes. */
  spend(at: number, hazard: number): void {
    if (this.#spentUntil === undefined) return
    this.#left -= hazard * ((at - this.#spentUntil) / DAY_MS)
    this.#spentUntil = at
  }

  /** When it runs out if the hazard stays, ms; infinite before the start. */
  endsAt(hazard: number): number {
    if (this.#spentUntil === undefined) return Number.POSITIVE_INFINITY
    return this.#spentUntil + (this.#left / hazard) * DAY_MS
  }
}
