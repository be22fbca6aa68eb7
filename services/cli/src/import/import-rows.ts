import type { ApplyMap, CloudEvent, Decode, EventMap, Row } from '@holdfast/contracts'
import { HoldfastError } from '@holdfast/platform'
import { type CheckedEvent, checkEvent } from '../events/outgoing.ts'
import type { ReadRow } from './read-rows.ts'
import type { SourceRow } from './rows-of.ts'

export interface BadRow {
  readonly line: number
  readonly reason: string
  /** Where there are several. */
  readonly file?: string
  /** Missing where the line is no row at all. */
  readonly row?: Readonly<Record<string, string>>
}

export interface Imported {
  readonly rows: number
  readonly events: number
  readonly byType: Readonly<Record<string, number>>
  /** Rows for which the map has no event. */
  readonly withoutEvent: number
  readonly badRows: number
}

/** How far an import got: enough to go on from there. */
export interface ImportProgress extends Imported {
  /** Rows as they were read, those of one group as one. */
  readonly reads: number
}

export interface ImportOptions {
  readonly map: ApplyMap
  readonly decode: Decode
  /** Wall clock, ms. */
  readonly now: () => number
  readonly onEvent: (event: CheckedEvent) => Promise<void> | void
  readonly onBadRow: (bad: BadRow) => void
  readonly onRow?: (rows: number) => void
  /** Stops after so many events. */
  readonly most?: number
  /** What was done before: as many reads are passed over. */
  readonly from?: ImportProgress
  /** Told after every so many reads how far it is; the next row is read when it has resolved. */
  readonly checkpoint?: { readonly everyReads: number; readonly save: (progress: ImportProgress) => Promise<void> }
}

const NOTHING: ImportProgress = { reads: 0, rows: 0, events: 0, byType: {}, withoutEvent: 0, badRows: 0 }

/** A row as a file has it, or with its place where rows were grouped or come from several files. */
export type ImportRow = ReadRow | SourceRow

/** Makes events of rows. A row counts as bad as a whole, with the first thing that is wrong with it. */
export async function importRows(rows: AsyncIterable<ImportRow>, options: ImportOptions): Promise<Imported> {
  const { most = Number.POSITIVE_INFINITY, from = NOTHING, checkpoint } = options
  const byType: Record<string, number> = { ...from.byType }
  let { rows: taken, events, withoutEvent, badRows } = from
  let reads = 0
  for await (const read of rows) {
    reads++
    if (reads <= from.reads) continue
    taken += 'rows' in read ? read.rows : 1
    const number = 'number' in read ? read.number : reads
    const made = read.kind === 'broken' ? read.reason : eventsOf(read.row, number, options)
    if (typeof made === 'string') {
      badRows++
      const { line } = read
      options.onBadRow({
        line,
        reason: made,
        ...('file' in read && read.file !== undefined && { file: read.file }),
        ...('row' in read && read.row !== undefined && { row: read.row }),
      })
    } else {
      if (made.length === 0) withoutEvent++
      for (const event of made) {
        if (events >= most) break
        await options.onEvent(event)
        events++
        byType[event.type] = (byType[event.type] ?? 0) + 1
      }
    }
    options.onRow?.(taken)
    if (events >= most) break
    if (checkpoint !== undefined && reads % checkpoint.everyReads === 0) {
      await checkpoint.save({ reads, rows: taken, events, byType, withoutEvent, badRows })
    }
  }
  return { rows: taken, events, byType, withoutEvent, badRows }
}

function eventsOf(row: Row, number: number, { map, decode, now }: ImportOptions): readonly CheckedEvent[] | string {
  const mapped = map(row, number)
  if (mapped.kind === 'error') return mapped.reason
  const outgoing: CheckedEvent[] = []
  for (const event of mapped.events) {
    const checked = checkEvent(decode, bytesOf(event), event.type, now())
    if (checked.kind === 'bad') return `${event.type}: ${checked.reason}`
    outgoing.push(checked.event)
  }
  return outgoing
}

function bytesOf(event: CloudEvent): Buffer {
  return Buffer.from(JSON.stringify(event))
}

/**
 * Finds out before the first row whether the currencies that a map names can be converted: else every row would be bad.
 * @throws HoldfastError CURRENCY_UNKNOWN
 */
export function requireCurrencies(map: EventMap, base: string, rates: Readonly<Record<string, string>>): void {
  const named = map.events
    .flatMap(({ data: { currency } }) =>
      typeof currency === 'object' ? Object.values(currency.values ?? {}) : [currency],
    )
    .filter((currency) => typeof currency === 'string' && /^[A-Z]{3}$/.test(currency))
  const unknown = [...new Set(named.filter((code) => code !== base && !Object.hasOwn(rates, String(code))))]
  if (unknown.length === 0) return
  const known = [base, ...Object.keys(rates)].join(', ')
  const example = [...Object.entries(rates), ...unknown.map((code) => [code, '…'])]
  throw new HoldfastError({
    code: 'CURRENCY_UNKNOWN',
    message: `the map's amounts are in ${unknown.join(', ')}, and only ${known} can be converted to ${base}`,
    cure: `set CURRENCY_RATES, here and for the risk-worker: CURRENCY_RATES=${example.map((pair) => pair.join('=')).join(',')} (what one unit is worth in ${base}).`,
  })
}
