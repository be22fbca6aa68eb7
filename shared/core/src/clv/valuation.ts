import { probabilityAlive } from './bg-nbd.ts'
import { expectedAmount } from './gamma-gamma.ts'
import { discountedWhileThere, type Horizon, type ValueHistory, type ValueModel } from './lifetime-value.ts'

/** Fitted models of buying and spending, and how far ahead value counts. */
export interface ValueParameters extends ValueModel {
  readonly horizon: Horizon
}

/** `predictedValue` for every look at a customer: the same within VALUATION_ERROR, in a fraction of the time. */
export interface Valuation {
  readonly parameters: ValueParameters
  /** Whole units of the currency, worth today. */
  predict(history: ValueHistory): number
}

/** Relative. A property test holds every valuation to it. */
export const VALUATION_ERROR = 5e-4

/** Grid of ln(alpha + age in weeks). */
const STEP = 0.1
/** As many repeat purchases have a row of their own; beyond, rows lie SPREAD apart. */
const EXACT = 64
const SPREAD = 1.05
const MOST_REPEATS = 1e6
const UNKNOWN = Number.MAX_VALUE

/**
 * What a customer who has not left yet will buy hangs on two numbers, repeat purchases and age, and its logarithm is smooth in
 * that of the age: it is computed where a look first asks, on a grid, and read off by cubics between. However many customers,
 * the grid keeps at most some ten thousand numbers. P(alive) and the amount are closed formulas and cost next to nothing.
 */
export function createValuation(parameters: ValueParameters): Valuation {
  const { buying, spending, horizon } = parameters
  const lowest = Math.floor(Math.log(buying.alpha) / STEP) - 1
  const grid: number[][] = []

  /** ln of the discounted purchases at a point of the grid. */
  function point(row: number, values: number[], k: number): number {
    const known = values[k]
    if (known !== undefined && known < UNKNOWN) return known
    const seenWeeks = Math.exp((k + lowest) * STEP)
    const computed = Math.log(discountedWhileThere(buying, repeatsOf(row), seenWeeks, horizon))
    // A row has no holes: it stays an array of plain numbers.
    while (values.length < k) values.push(UNKNOWN)
    values[k] = computed
    return computed
  }

  function alongRow(row: number, logSeen: number): number {
    while (grid.length <= row) grid.push([])
    const values = grid[row]!
    const place = logSeen / STEP - lowest
    const k = Math.floor(place)
    return cubic(
      point(row, values, k - 1),
      point(row, values, k),
      point(row, values, k + 1),
      point(row, values, k + 2),
      place - k,
    )
  }

  function purchasesWhileThere(repeats: number, ageWeeks: number): number {
    const logSeen = Math.log(buying.alpha + ageWeeks)
    if (repeats <= EXACT) return Math.exp(alongRow(repeats, logSeen))
    const place = EXACT + Math.log(Math.min(repeats, MOST_REPEATS) / EXACT) / Math.log(SPREAD)
    const row = Math.floor(place)
    const [left, right] = [alongRow(row, logSeen), alongRow(row + 1, logSeen)]
    return Math.exp(left + (place - row) * (right - left))
  }

  return {
    parameters,
    predict: (history) =>
      purchasesWhileThere(history.repeats, history.ageWeeks) *
      probabilityAlive(buying, history) *
      expectedAmount(spending, history.spend),
  }
}

function repeatsOf(row: number): number {
  return row <= EXACT ? row : EXACT * SPREAD ** (row - EXACT)
}

/** Lagrange's polynomial through values at -1, 0, 1 and 2. */
function cubic(a: number, b: number, c: number, d: number, t: number): number {
  const [t1, t2, t3] = [t + 1, t - 1, t - 2]
  return (-t * t2 * t3 * a) / 6 + (t1 * t2 * t3 * b) / 2 - (t1 * t * t3 * c) / 2 + (t1 * t * t2 * d) / 6
}
