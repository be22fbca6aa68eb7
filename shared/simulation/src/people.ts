import type { Rng } from './rng.ts'
import { HOUR_MS } from './season.ts'

/** Where a customer lives: IANA zone with its standard offset (daylight saving moves the rhythm by an hour, no more). */
interface Home {
  readonly country: string
  readonly locale: string
  readonly timezone: string
  readonly offsetMs: number
  readonly currency: 'EUR' | 'GBP' | 'USD'
  readonly share: number
  readonly given: readonly [string, ...string[]]
  readonly family: readonly [string, ...string[]]
}

const home = (
  place: readonly [country: string, locale: string, timezone: string, offsetHours: number, share: number],
  currency: Home['currency'],
  given: Home['given'],
  family: Home['family'],
): Home => ({
  country: place[0],
  locale: place[1],
  timezone: place[2],
  offsetMs: place[3] * HOUR_MS,
  share: place[4],
  currency,
  given,
  family,
})

const HOMES: readonly Home[] = [
  home(['DE', 'de-DE', 'Europe/Berlin', 1, 30], 'EUR', ['Anna', 'Jürgen', 'Lena', 'Max'], ['Vogel', 'Schäfer', 'Koch']),
  home(['FR', 'fr-FR', 'Europe/Paris', 1, 16], 'EUR', ['Chloé', 'Hugo', 'Inès', 'Luc'], ['Moreau', 'Lefèvre', 'Petit']),
  home(['ES', 'es-ES', 'Europe/Madrid', 1, 12], 'EUR', ['Lucía', 'Iker', 'Marta'], ['Núñez', 'Romero', 'Vidal']),
  home(['IT', 'it-IT', 'Europe/Rome', 1, 10], 'EUR', ['Giulia', 'Paolo', 'Sara'], ['Ricci', 'Conti', 'Greco']),
  home(['FI', 'fi-FI', 'Europe/Helsinki', 2, 6], 'EUR', ['Aino', 'Eero', 'Sanna'], ['Mäkelä', 'Laine', 'Salo']),
  home(['GR', 'el-GR', 'Europe/Athens', 2, 5], 'EUR', ['Ελένη', 'Νίκος', 'Μαρία'], ['Παππάς', 'Βλάχος']),
  home(['IN', 'te-IN', 'Asia/Kolkata', 5.5, 5], 'EUR', ['లక్ష్మి', 'Ravi', 'Priya'], ['Reddy', 'Rao', 'Naidu']),
  home(['GB', 'en-GB', 'Europe/London', 0, 7], 'GBP', ['Olivia', 'Harry', 'Amara'], ["O'Neill", 'Clarke', 'Okafor']),
  home(['US', 'en-US', 'America/New_York', -5, 5], 'USD', ['Emma', 'Noah', 'Mia'], ['Nguyen', 'Miller', 'Garcia']),
  home(['US', 'en-US', 'America/Los_Angeles', -8, 2], 'USD', ['Ava', 'Liam', 'Zoe'], ['Kim', 'Lopez', 'Brown']),
  home(['IL', 'he-IL', 'Asia/Jerusalem', 2, 2], 'USD', ['נועה', 'Yael', 'Omer'], ['Levi', 'כהן']),
]
const SHARES = HOMES.map(({ share }) => share)
const ALL_SHARES = SHARES.reduce((sum, share) => sum + share, 0)
const [ANYWHERE] = HOMES
const CHANNELS = ['search', 'social', 'referral', 'marketplace', 'store', 'direct'] as const

/** What a customer's profile says, and what follows from where the customer lives. */
export interface Person {
  readonly offsetMs: number
  readonly currency: Home['currency']
  readonly profile: Readonly<Record<string, string>>
}

/** Draws a person; one in twelve signs up without an e-mail address. A referral names an earlier customer. */
export function drawPerson(rng: Rng, index: number, idOf: (index: number) => string): Person {
  const at = HOMES[rng.weighted(SHARES, ALL_SHARES)] ?? ANYWHERE
  if (at === undefined) throw new Error('nobody lives anywhere')
  const acquisitionChannel = rng.pick(CHANNELS)
  const profile: Record<string, string> = {
    name: `${rng.pick(at.given)} ${rng.pick(at.family)}`,
    locale: at.locale,
    timezone: at.timezone,
    country: at.country,
    acquisitionChannel,
  }
  if (rng.chance(11 / 12)) profile.email = `customer.${index}@example.com`
  if (acquisitionChannel === 'referral' && index > 0) profile.referredBy = idOf(Math.floor(rng.uniform() * index))
  return { offsetMs: at.offsetMs, currency: at.currency, profile }
}
