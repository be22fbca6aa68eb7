import { BANDS, type Band } from '@holdfast/core'

/** A customer's stay in a band. However late it is looked at, it has one name. */
export interface Episode {
  readonly customerId: string
  readonly band: Band
  /** Instant at which the customer entered the band, ms. */
  readonly enteredAt: number
}

/**
 * Name of an episode, such as `at_risk.1793527200000.cust-42`: id of its job, idempotency key of its messages. ASCII and
 * without a colon, which BullMQ forbids in ids; at most 1,000 characters.
 * @throws URIError for a customer id with a lone surrogate, which no decoded event has.
 */
export function episodeId(customerId: string, band: Band, enteredAt: number): string {
  return `${band}.${enteredAt}.${encodeURIComponent(customerId)}`
}

/** The episode that an id names, or undefined where it names none. */
export function parseEpisodeId(id: string): Episode | undefined {
  const [, name, at, customer] = /^([a-z_]+)\.(0|[1-9]\d{0,14})\.(.+)$/.exec(id) ?? []
  const band = BANDS.find((band) => band === name)
  if (band === undefined || at === undefined || customer === undefined) return undefined
  try {
    const customerId = decodeURIComponent(customer)
    return encodeURIComponent(customerId) === customer ? { customerId, band, enteredAt: Number(at) } : undefined
  } catch {
    return undefined
  }
}
