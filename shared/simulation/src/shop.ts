import { CustomerLife, customerIdOf, type ShopContext } from './customer.ts'
import { eventFactory, type ShopEvent } from './event.ts'
import { GeneratedCustomer } from './generated-customer.ts'
import { mergeLives } from './merge.ts'
import { DEFAULT_POPULATION, type Population } from './population.ts'
import { Rng } from './rng.ts'
import { DAY_MS, Season } from './season.ts'

export interface ShopOptions {
  readonly seed: number
  /** How many customers have signed up by `customersBy`. */
  readonly customers: number
  /** When the shop opens, ms. */
  readonly from: number
  /** End of the stream, ms, itself excluded; may be infinite when `customersBy` is given. */
  readonly until: number
  /**
   * By when `customers` have signed up, ms; later sign-ups keep the same pace. Default `until`. To continue a shop, pass
   * the same value as before: the pace of sign-ups hangs on it, and on nothing else that may change.
   */
  readonly customersBy?: number
  /** The stream starts here, ms, included; what lies before is lived through in silence. Default `from`. */
  readonly resumeFrom?: number
  readonly population?: Population
}

/** A shop whose every customer is known to the bottom. */
export interface GeneratedShop {
  /** All events of [`resumeFrom`, `until`), ordered by time. Each iteration lives the shop anew, with equal results. */
  readonly events: Iterable<ShopEvent>
  /** Customers who sign up before `until`, in order; finite only if `until` is. */
  readonly customers: Iterable<GeneratedCustomer>
  /** One customer by id, or undefined when nobody of that id signs up before `until`. */
  customer(id: string): GeneratedCustomer | undefined
}

/** Share of customers who sign up in the opening weeks: the shop did not start from nothing. */
const OPENING_SHARE = 0.3
const OPENING_DAYS = 60
/** Keeps draws of sign-up times apart from draws of lives. */
const ARRIVALS_SALT = 0x1_0000_0000

/**
 * Opens a generated shop. Deterministic in its options; the events of [from, a) followed by those of [a, b) equal those
 * of [from, b) as long as seed, customers, from and customersBy are the same. Throws on options that make no sense.
 */
export function generateShop(options: ShopOptions): GeneratedShop {
  const { seed, customers, from, until, population = DEFAULT_POPULATION } = options
  const customersBy = options.customersBy ?? until
  const resumeFrom = options.resumeFrom ?? from
  if (!Number.isSafeInteger(seed)) throw new Error(`seed: a whole number is needed, not ${seed}`)
  if (!Number.isSafeInteger(customers) || customers < 1) throw new Error(`customers: at least 1, not ${customers}`)
  if (!(until > from)) throw new Error(`until (${until}) must lie after from (${from})`)
  if (!Number.isFinite(customersBy) || customersBy <= from) {
    throw new Error(`customersBy: an instant after from is needed, not ${customersBy} (give it when until is infinite)`)
  }
  const shared = { seed, population, season: new Season(population.season), makeEvent: eventFactory(seed) }
  const streaming: ShopContext = { ...shared, silentBefore: resumeFrom }
  const replaying: ShopContext = { ...shared, silentBefore: Number.NEGATIVE_INFINITY }
  const signUp = signUpTimes(options, customersBy)

  function* lives(): Generator<CustomerLife, void, undefined> {
    for (let index = 0; ; index++) {
      const at = signUp(index)
      if (at >= until) return
      yield new CustomerLife(streaming, index, at)
    }
  }
  const open = (index: number): GeneratedCustomer =>
    new GeneratedCustomer(replaying, () => new CustomerLife(replaying, index, signUp(index)), until)
  return {
    events: { [Symbol.iterator]: () => mergeLives(lives(), until) },
    customers: {
      *[Symbol.iterator]() {
        for (let index = 0; signUp(index) < until; index++) yield open(index)
      },
    },
    customer(id) {
      const index = Number(id.slice(id.lastIndexOf('-') + 1))
      if (!Number.isSafeInteger(index) || index < 0 || customerIdOf(index) !== id) return undefined
      return signUp(index) < until ? open(index) : undefined
    },
  }
}

/** When customer `index` signs up, ms: increasing in `index`, an opening wave and then a steady pace. */
function signUpTimes(options: ShopOptions, customersBy: number): (index: number) => number {
  const { seed, customers, from } = options
  const span = customersBy - from
  const opening = Math.min(OPENING_DAYS * DAY_MS, span / 2)
  const openingCustomers = OPENING_SHARE * customers
  const pace = (customers - openingCustomers) / span
  const openingPace = pace + openingCustomers / opening
  const inOpening = openingPace * opening
  return (index) => {
    const rank = index + new Rng(seed, index + ARRIVALS_SALT).uniform()
    const after = rank < inOpening ? rank / openingPace : opening + (rank - inOpening) / pace
    return Math.floor(from + after)
  }
}
