import { withoutColours } from './colour.ts'

/** Pieces of human-readable output: short and aligned. */

export type Cell = string | number

/** Columns two blanks apart; numbers flush right, texts flush left. No blanks at the end of a line. */
export function table(rows: readonly (readonly Cell[])[], indent = ''): string {
  const widths: number[] = []
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)))
  for (const row of texts) {
    for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, withoutColours(text).length)
  }
  return texts
    .map((row, r) =>
      `${indent}${row
        .map((text, i) => {
          const blanks = ' '.repeat((widths[i] ?? 0) - withoutColours(text).length)
          return typeof rows[r]?.[i] === 'number' ? blanks + text : text + blanks
        })
        .join('  ')}`.trimEnd(),
    )
    .join('\n')
}

/** 1234567 → `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 })
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** `2026-01-31 10:00:00Z`; a dash for an instant that never was. */
export function instant(ms: number | undefined): string {
  if (ms === undefined || ms < 0) return '-'
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** `2026-01-31`. */
export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** A span in its two largest units: `74 d 3 h`, `12 min 5 s`, `0.3 s`. */
export function span(ms: number): string {
  const seconds = Math.abs(ms) / 1_000
  if (seconds < 1) return `${seconds.toFixed(1)} s`
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const
  const first = units.findIndex(([, size]) => seconds >= size)
  let rest = Math.floor(seconds)
  const parts: string[] = []
  for (const [unit, size] of units.slice(first, first + 2)) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push(`${n} ${unit}`)
  }
  return parts.join(' ')
}

/** `in 3 d 2 h`, `5 min ago`, `now`. */
export function relative(at: number, now: number): string {
  if (Math.abs(at - now) < 500) return 'now'
  return at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`
}

export function money(minor: number, currency: string): string {
  return `${(minor / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** A URL as it may be shown: without a password. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  if (parsed.password !== '') parsed.password = '***'
  return parsed.toString()
}

/** Output of a command. A closed pipe (`| head`) is no error. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Remarks that are not the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}
