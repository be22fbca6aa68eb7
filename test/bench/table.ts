/** What a figure has to reach. */
export interface Target {
  readonly atLeast?: number
  readonly below?: number
  readonly atMost?: number
}

export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Digits after the point. Default 0. */
  readonly digits?: number
  readonly target?: Target
  readonly note?: string
}

export function isMissed({ value, target }: Row): boolean {
  if (target === undefined) return false
  if (Number.isNaN(value)) return true
  const { atLeast = -Infinity, below = Infinity, atMost = Infinity } = target
  return value < atLeast || value >= below || value > atMost
}

/** The figures as text, one a line, in columns. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    number(row.value, row.digits),
    row.unit,
    row.target === undefined ? '' : `${describe(row.target)} ${isMissed(row) ? '✗ missed' : '✓'}`,
    row.note ?? '',
  ])
  const header = ['measured', 'value', 'unit', 'target', '']
  const all = [header, ...cells]
  const widths = header.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  const lines = all.map((line) =>
    line
      .map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)))
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

function describe({ atLeast, below, atMost }: Target): string {
  if (atLeast !== undefined) return `>= ${atLeast}`
  return below !== undefined ? `< ${below}` : `<= ${atMost}`
}

function number(value: number, digits = 0): string {
  if (Number.isNaN(value)) return '-'
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** The value below which the share `p` of them lies (nearest rank); NaN for none. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}
