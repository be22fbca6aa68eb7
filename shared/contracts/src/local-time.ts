/** Times as files write them: a format and, where they have no offset, the zone whose clocks they show. */

const DAY_MS = 86_400_000

const TOKENS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  MM: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
}

/** Regular expression of a format made of yyyy MM dd HH mm ss and literal signs; undefined unless it names a whole date. */
export function formatPattern(format: string): RegExp | undefined {
  const used: string[] = []
  const source = format.replace(/yyyy|MM|dd|HH|mm|ss|[^A-Za-z0-9]|[A-Za-z]/g, (part) => {
    const token = TOKENS[part]
    if (token === undefined) return part.replace(/[$()*+.?[\\\]^{|}]/, '\\$&')
    used.push(part)
    // Without a sign between them, tokens are told apart by their width alone.
    return token.replace('{1,2}', /[-/. :,]/.test(format) ? '{1,2}' : '{2}')
  })
  if (new Set(used).size !== used.length || !['yyyy', 'MM', 'dd'].every((token) => used.includes(token)))
    return undefined
  return new RegExp(`^${source}$`)
}

/** What the clocks of a zone show at an instant, less UTC, ms. */
function createOffset(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (at) => {
    const shown: Partial<Record<string, number>> = {}
    for (const { type, value } of format.formatToParts(at)) shown[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
  }
}

/** Milliseconds since 1970 UTC, or undefined where the text is not what the format says or the calendar lacks the day. */
export type ReadLocalTime = (text: string) => number | undefined

/**
 * An hour that the zone's clocks show twice is taken as the first, one that they skip as if they had not moved yet.
 * @throws Error for a format or a zone that is none
 */
export function createLocalTime(format: string, zone: string): ReadLocalTime {
  const pattern = formatPattern(format)
  if (pattern === undefined) throw new Error(`format ${JSON.stringify(format)}: expected yyyy, MM and dd, each once`)
  const offset = createOffset(zone)
  const offsetsByDay = new Map<number, readonly [before: number, after: number]>()

  function toUtc(local: number): number {
    const day = Math.floor(local / DAY_MS)
    let offsets = offsetsByDay.get(day)
    if (offsets === undefined) {
      offsets = [offset((day - 1) * DAY_MS), offset((day + 2) * DAY_MS)]
      offsetsByDay.set(day, offsets)
    }
    const [before, after] = offsets
    const first = local - before
    if (before === after || offset(first) === before) return first
    return offset(local - after) === after ? local - after : first
  }

  return function readLocalTime(text) {
    const parts = pattern.exec(text)?.groups
    if (parts === undefined) return undefined
    const read = (name: string) => Number(parts[name] ?? 0)
    const local = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'))
    const back = new Date(local)
    const same =
      back.getUTCFullYear() === read('year') &&
      back.getUTCMonth() + 1 === read('month') &&
      back.getUTCDate() === read('day') &&
      back.getUTCHours() === read('hour') &&
      back.getUTCMinutes() === read('minute') &&
      back.getUTCSeconds() === read('second')
    return same ? toUtc(local) : undefined
  }
}
