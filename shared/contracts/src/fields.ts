import { z } from 'zod'
import { AMOUNT_PATTERN, isAmount } from './money.ts'
import { quick } from './quick.ts'
import { parseTime } from './time.ts'

/** The fields that events are made of. Each says, in words for the person who sent it, what it expected and what it got. */

const SHOWN_CHARACTERS = 60

/** What was found in a field's place, short and safe to print. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return value.length <= SHOWN_CHARACTERS
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}... (${value.length} characters)`
}

type Explain = { error: (issue: { readonly input?: unknown }) => string }

/** `error` option of zod: "expected WHAT, got THAT". */
export function expected(what: string): Explain {
  return { error: (issue) => `expected ${what}, got ${show(issue.input)}` }
}

/** The same for personal fields, whose content must reach neither logs nor headers. */
function expectedPersonal(what: string): Explain {
  return {
    error: ({ input }) =>
      `expected ${what}, got ${typeof input === 'string' ? `a text of ${input.length} characters` : show(input)}`,
  }
}

/** False for a text that UTF-8 cannot carry: JSON escapes such as `\ud800` let half a surrogate pair through. */
function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}

export const MAX_SUBJECT_BYTES = 256
export const MAX_ID_CHARACTERS = 1024
export const MAX_SOURCE_CHARACTERS = 512
export const MAX_TEXT_CHARACTERS = 256

export function isSubject(text: string): boolean {
  if (text.length === 0 || text.length > MAX_SUBJECT_BYTES || !isWellFormed(text)) return false
  // A unit is at most three bytes.
  return text.length * 3 <= MAX_SUBJECT_BYTES || Buffer.byteLength(text) <= MAX_SUBJECT_BYTES
}

/** A text of `min` to `max` UTF-16 units that UTF-8 can carry. */
function boundedText(explain: Explain, min: number, max: number, description?: string) {
  const fits = (text: string) => text.length >= min && text.length <= max && isWellFormed(text)
  return text(explain, fits, { minLength: min, maxLength: max, ...(description !== undefined && { description }) })
}

/** A text that fits. */
function text(explain: Explain, fits: (text: string) => boolean, meta: z.GlobalMeta) {
  const schema = z.string(explain).refine(fits, explain).meta(meta)
  return quick(schema, (value) => typeof value === 'string' && fits(value))
}

const SUBJECT = expected('a customer id of 1 to 256 UTF-8 bytes without lone surrogates')
export const subjectField = text(SUBJECT, isSubject, {
  description: 'Customer id, equal to the Kafka key; 1 to 256 bytes in UTF-8.',
  minLength: 1,
  maxLength: 256,
})

export const idField = boundedText(
  expected(`a text of 1 to ${MAX_ID_CHARACTERS} characters without lone surrogates`),
  1,
  MAX_ID_CHARACTERS,
  'Unique per source: a second event with the same source and id is a duplicate.',
)

export const sourceField = boundedText(
  expected(`a text of 1 to ${MAX_SOURCE_CHARACTERS} characters without lone surrogates`),
  1,
  MAX_SOURCE_CHARACTERS,
  'Who says so, such as /shop/eu.',
)

/** A short text that is not personal: an order id, a channel, a reason. */
export const textField = boundedText(
  expected(`a text of 1 to ${MAX_TEXT_CHARACTERS} characters without lone surrogates`),
  1,
  MAX_TEXT_CHARACTERS,
)

export const episodeField = boundedText(
  expected(`an episode id of 1 to ${MAX_ID_CHARACTERS} characters`),
  1,
  MAX_ID_CHARACTERS,
  'Made of band, instant and customer; see the job.',
)

/** A personal text; the empty one forgets the field. */
export const personalField = boundedText(
  expectedPersonal(`a text of at most ${MAX_TEXT_CHARACTERS} characters without lone surrogates ("" to forget it)`),
  0,
  MAX_TEXT_CHARACTERS,
)

const TIME = expected('an RFC 3339 time with offset such as "2026-11-01T10:00:00Z"')
export const isTime = (text: string) => !Number.isNaN(parseTime(text))
export const timeField = text(TIME, isTime, { format: 'date-time' })

/** The time field of an event, said of what. */
export function timeOf(description: string) {
  return text(TIME, isTime, { format: 'date-time', description })
}

const AMOUNT = expected('a decimal string such as "49.90"')
export const amountField = quick(
  z.string(AMOUNT).regex(AMOUNT_PATTERN, AMOUNT).meta({
    description:
      '0 or more, at most four decimals, below 10^12 minor units of the base currency; decimals beyond the minor unit are rounded half away from zero.',
  }),
  (value) => typeof value === 'string' && isAmount(value),
)

const CURRENCY = expected('an ISO 4217 currency code such as "EUR"')
const isCapital = (unit: number) => unit >= 65 && unit <= 90
export const currencyField = quick(
  z.string(CURRENCY).regex(/^[A-Z]{3}$/, CURRENCY),
  (value) =>
    typeof value === 'string' &&
    value.length === 3 &&
    isCapital(value.charCodeAt(0)) &&
    isCapital(value.charCodeAt(1)) &&
    isCapital(value.charCodeAt(2)),
)

/** IANA zones already found good. Only good ones are kept, and few, so that no sender can fill the memory. */
const knownZones = new Set<string>()
const MAX_KNOWN_ZONES = 2000

export function isTimeZone(name: string): boolean {
  if (knownZones.has(name)) return true
  // Offsets such as +01:00 pass Intl as zones and know nothing of summer time.
  if (name.length > 64 || !/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    return false
  }
  if (knownZones.size < MAX_KNOWN_ZONES) knownZones.add(name)
  return true
}

const ZONE = expected('an IANA time zone such as "Europe/Vienna" ("" to forget it)')
export const timeZoneField = z.string(ZONE).refine((name) => name === '' || isTimeZone(name), ZONE)

const COUNTRY = expected('a country as two letters such as "AT" (ISO 3166-1; "" to forget it)')
export const countryField = z.string(COUNTRY).regex(/^(?:[A-Z]{2})?$/, COUNTRY)

export function numberField(min: number, max: number, what: string) {
  const explain = expected(what)
  return quick(
    z.number(explain).min(min, explain).max(max, explain),
    (value) => typeof value === 'number' && value >= min && value <= max,
  )
}

export function integerField(min: number, max: number, what: string) {
  const explain = expected(what)
  return quick(
    z.int(explain).min(min, explain).max(max, explain),
    (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  )
}

export function choiceField<const T extends readonly [string, ...string[]]>(choices: T) {
  return quick(z.enum(choices, expected(`one of ${choices.join(', ')}`)), (value) =>
    choices.some((one) => one === value),
  )
}
