export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Stands for an instant that never was, wherever a state keeps a time. */
export const NEVER = -1

/**
 * Whole UTC months since January 1970 at an instant in ms. Days to civil date by Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms", `civil_from_days`.
 */
export function monthIndex(at: number): number {
  const z = Math.floor(at / DAY_MS) + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 2 : shifted - 10
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0)
  return (year - 1970) * 12 + month
}

/** First instant, ms, of a month given as months since January 1970 UTC (`days_from_civil`, same source). */
export function monthStart(index: number): number {
  const year = 1970 + Math.floor(index / 12)
  const month = index - (year - 1970) * 12
  const y = month <= 1 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 1 ? month - 2 : month + 10) + 2) / 5)
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS
}

/** `2026-11` for a month index. */
export function monthName(index: number): string {
  const year = 1970 + Math.floor(index / 12)
  const month = index - (year - 1970) * 12 + 1
  return `${year}-${month < 10 ? '0' : ''}${month}`
}
