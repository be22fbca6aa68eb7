import type { ApplyMap, CloudEvent, Decode, EventMap } from '@holdfast/contracts'
import { HoldfastError } from '@holdfast/platform'
import { type CheckedEvent, checkEvent } from '../events/outgoing.ts'
import type { ReadRow } from './read-rows.ts'

export interface BadRow {
  readonly line: number
  readonly reason: string
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
}

/** Makes events of rows. A row counts as bad as a whole, with the first thing that is wrong with it. */
export async function importRows(rows: AsyncIterable<ReadRow>, options: ImportOptions): Promise<Imported> {
  const { most = Number.POSITIVE_INFINITY } = options
  const byType: Record<string, number> = {}
  let number = 0
  let events = 0
  let withoutEvent = 0
  let badRows = 0
  for await (const read of rows) {
    number++
    const made = read.kind === 'broken' ? read.reason : eventsOf(read, number, options)
    if (typeof made === 'string') {
      badRows++
      options.onBadRow({ line: read.line, reason: made, ...(read.kind === 'row' && { row: read.row }) })
    } else {
      if (made.length === 0) withoutEvent++
      for (const event of made) {
        if (events >= most) break
        await options.onEvent(event)
        events++
        byType[event.type] = (byType[event.type] ?? 0) + 1
      }
    }
    options.onRow?.(number)
    if (events >= most) break
  }
  return { rows: number, events, byType, withoutEvent, badRows }
}

function eventsOf(
  { row }: Extract<ReadRow, { kind: 'row' }>,
  number: number,
  { map, decode, now }: ImportOptions,
): readonly CheckedEvent[] | string {
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
    .map(({ data }) => data.currency)
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
