export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

const MEAN_MONTH_DAYS = 30.436875
const LAST_YEAR = 2200

/**
 * The yearly season: a factor on rates that is constant within a UTC month, so its integral is piecewise linear and a
 * likelihood over it stays closed.
 */
export class Season {
  readonly #factors: readonly number[]
  readonly #starts: number[] = []
  readonly #before: number[] = []

  /** `factors`: twelve, January first, with mean 1. */
  constructor(factors: readonly number[]) {
    if (factors.length !== 12) throw new Error(`a season has 12 monthly factors, not ${factors.length}`)
    this.#factors = factors
    let total = 0
    const months = (LAST_YEAR - 1970) * 12
    for (let month = 0; month <= months; month++) {
      const start = Date.UTC(1970, month, 1)
      const previous = this.#starts[month - 1]
      if (previous !== undefined) total += ((start - previous) / DAY_MS) * this.#factorOfMonth(month - 1)
      this.#starts.push(start)
      this.#before.push(total)
    }
  }

  /** Factor on every seasonal rate at `time` (ms). */
  factor(time: number): number {
    return this.#factorOfMonth(this.#month(time))
  }

  /** Integral of the factor from 1970 to `time`, in days: differences of it are exposures. */
  days(time: number): number {
    const month = this.#month(time)
    const start = this.#starts[month] ?? 0
    return (this.#before[month] ?? 0) + ((time - start) / DAY_MS) * this.#factorOfMonth(month)
  }

  /** First instant of the UTC month after the one that holds `time`, ms. */
  nextChange(time: number): number {
    return this.#starts[this.#month(time) + 1] ?? Number.POSITIVE_INFINITY
  }

  #factorOfMonth(month: number): number {
    return this.#factors[month % 12] ?? 1
  }

  #month(time: number): number {
    let month = Math.max(0, Math.min(this.#starts.length - 1, Math.floor(time / DAY_MS / MEAN_MONTH_DAYS)))
    while (month > 0 && time < (this.#starts[month] ?? 0)) month--
    while (time >= (this.#starts[month + 1] ?? Number.POSITIVE_INFINITY)) month++
    return month
  }
}

const HOURLY = [
  0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 0.6, 0.9, 1.1, 1.2, 1.3, 1.3, 1.4, 1.3, 1.2, 1.2, 1.2, 1.3, 1.5, 1.8, 1.9, 1.7, 1.2,
  0.6,
]
const MEAN_HOURLY = HOURLY.reduce((sum, weight) => sum + weight, 0) / 24

/** How busy customers are in each hour of their own day, mean 1. It integrates to one a day, so no likelihood needs it. */
export const DAILY_RHYTHM: readonly number[] = HOURLY.map((weight) => weight / MEAN_HOURLY)
export const BUSIEST_HOUR = Math.max(...DAILY_RHYTHM)

/** Factor of the daily rhythm at `time` (ms) for a customer `offsetMs` east of UTC. */
export function rhythm(time: number, offsetMs: number): number {
  const hour = Math.floor((time + offsetMs) / HOUR_MS) % 24
  return DAILY_RHYTHM[hour] ?? 1
}
