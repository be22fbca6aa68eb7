/** RFC 3339 date-times, the only form of time in events. Read by hand: strict about the calendar, and on the hot path. */

const ZERO = 48

/** Far more than any clock's decimals; bounds what a reason can quote. */
const MAX_CHARACTERS = 64

/** Two decimal digits as a number; -1 where they are none. Both must be within the text. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** Days from 1970-01-01 to a date of the Gregorian calendar; Howard Hinnant, "chrono-compatible low-level date algorithms". */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Offset of `Z`, `z` or `±hh:mm` at the end of the text, in minutes; NaN for anything else. */
function offsetMinutes(text: string, at: number): number {
  if (at >= text.length) return Number.NaN
  const sign = text.charCodeAt(at)
  if (sign === 90 || sign === 122) return text.length === at + 1 ? 0 : Number.NaN
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return Number.NaN
  const hours = pair(text, at + 1)
  const minutes = pair(text, at + 4)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes)
}

/** The last date read, and its days since 1970: events come nearly in the order of their days. */
let lastDate = -1
let lastDays = Number.NaN

/** Days from 1970-01-01 to the date at the head of a text; NaN where the calendar lacks it. */
function days(text: string): number {
  const century = pair(text, 0)
  const ofCentury = pair(text, 2)
  const month = pair(text, 5)
  const day = pair(text, 8)
  if (century < 0 || ofCentury < 0 || month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN
  const year = century * 100 + ofCentury
  const date = (year << 9) | (month << 5) | day
  if (date === lastDate) return lastDays
  if (day > daysInMonth(year, month)) return Number.NaN
  lastDays = daysFromCivil(year, month, day)
  lastDate = date
  return lastDays
}

/**
 * Milliseconds since 1970 UTC of an RFC 3339 date-time with its offset; what is finer than a millisecond is cut off.
 * NaN for anything else, among it dates that the calendar lacks and leap seconds.
 */
export function parseTime(text: string): number {
  if (text.length < 20 || text.length > MAX_CHARACTERS) return Number.NaN
  const separator = text.charCodeAt(10)
  if (
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    (separator !== 84 && separator !== 116) ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  ) {
    return Number.NaN
  }
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const second = pair(text, 17)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return Number.NaN
  let at = 19
  let ms = 0
  if (text.charCodeAt(19) === 46) {
    let weight = 100
    for (at = 20; at < text.length; at++) {
      const digit = text.charCodeAt(at) - ZERO
      if (digit < 0 || digit > 9) break
      ms += digit * weight
      weight = weight === 100 ? 10 : weight === 10 ? 1 : 0
    }
    if (at === 20) return Number.NaN
  }
  const offset = offsetMinutes(text, at)
  return days(text) * 86_400_000 + (hour * 60 + minute - offset) * 60_000 + second * 1000 + ms
}

const DAY_MS = 86_400_000

/** Texts of the parts of a day, cut so that three of them make a time: `10:42:`, `07.`, `123Z`. */
const MINUTES = Array.from(
  { length: 1_440 },
  (_, minute) => `${padded(Math.floor(minute / 60), 2)}:${padded(minute % 60, 2)}:`,
)
const SECONDS = Array.from({ length: 60 }, (_, second) => `${padded(second, 2)}.`)
const MILLISECONDS = Array.from({ length: 1_000 }, (_, ms) => `${padded(ms, 3)}Z`)

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** Dates written lately, such as `2026-11-01T`, each at the place that its day since 1970 has modulo their number. */
const MOST_DATES = 512
const dates: { day: number; text: string }[] = Array.from({ length: MOST_DATES }, () => ({ day: Number.NaN, text: '' }))

function dateText(day: number): string {
  const date = dates[day & (MOST_DATES - 1)]!
  if (date.day !== day) {
    date.text = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length)
    date.day = day
  }
  return date.text
}

/**
 * What `Date.toISOString` gives, in a fraction of its time.
 * @param ms an instant of the years 0 to 9999
 * @throws RangeError for what is no instant.
 */
export function formatTime(ms: number): string {
  const whole = Math.trunc(ms)
  const day = Math.floor(whole / DAY_MS)
  const ofDay = whole - day * DAY_MS
  const minute = Math.floor(ofDay / 60_000)
  const ofMinute = ofDay - minute * 60_000
  const second = Math.floor(ofMinute / 1_000)
  return `${dateText(day)}${MINUTES[minute]}${SECONDS[second]}${MILLISECONDS[ofMinute - second * 1_000]}`
}
