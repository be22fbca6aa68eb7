import type { EventType } from '@holdfast/core'
import type { EventMap, MapValue, TimeColumn } from './event-map.ts'
import { type CloudEvent, EVENT_SCHEMAS } from './events.ts'
import { show } from './fields.ts'
import { createLocalTime } from './local-time.ts'
import { formatTime, parseTime } from './time.ts'

/** A row of a file, by column. */
export type Row = Readonly<Record<string, string>>

/** What a row gives: its events (none where no `when` fits), or what is wrong with it. */
export type Mapped =
  | { readonly kind: 'events'; readonly events: readonly CloudEvent[] }
  | { readonly kind: 'error'; readonly reason: string }

/** @param number of the row, from 1 */
export type ApplyMap = (row: Row, number: number) => Mapped

/** A fault of one row; never leaves this file. */
class RowFault extends Error {}

function cell(row: Row, column: string): string {
  const value = Object.hasOwn(row, column) ? row[column] : undefined
  if (value === undefined) {
    throw new RowFault(`column ${column}: the file has none; its columns are ${Object.keys(row).join(', ')}`)
  }
  return value.trim()
}

function fill(template: string, row: Row, number: number): string {
  return template.replace(/\{([^{}]+)\}/g, (_, column: string) => (column === '#' ? String(number) : cell(row, column)))
}

/** Undefined where the cell is empty. */
function fieldValue(spec: MapValue, row: Row, number: number): string | number | boolean | undefined {
  if (typeof spec === 'number' || typeof spec === 'boolean') return spec
  if (typeof spec === 'string') return fill(spec, row, number) || undefined
  const text = cell(row, spec.column)
  if (text === '') return undefined
  const unsigned = spec.abs ? text.replace(/^[-+]/, '') : text
  if (spec.as !== 'number') return unsigned
  const value = Number(unsigned)
  if (!Number.isFinite(value)) throw new RowFault(`column ${spec.column}: expected a number, got ${show(text)}`)
  return value
}

/** Reads a column of times into ms since 1970 UTC, NaN or undefined where it holds none. */
function createTimeReader({ format, zone }: TimeColumn): (text: string) => number | undefined {
  if (format === 'rfc3339') return parseTime
  if (format === 'epoch-ms' || format === 'epoch-s') {
    const unitMs = format === 'epoch-s' ? 1000 : 1
    return (text) => (/^\d{1,14}$/.test(text) ? Number(text) * unitMs : undefined)
  }
  return createLocalTime(format, zone)
}

const MAX_TIME_MS = Date.parse('9999-12-31T23:59:59.999Z')

function createTimeColumn(spec: TimeColumn): (row: Row) => string {
  const read = createTimeReader(spec)
  return (row) => {
    const text = cell(row, spec.column)
    const ms = read(text) ?? Number.NaN
    if (!(Math.abs(ms) <= MAX_TIME_MS)) {
      throw new RowFault(`column ${spec.column}: expected a time as ${spec.format}, got ${show(text)}`)
    }
    return formatTime(ms)
  }
}

function createFilter(when: EventMap['events'][number]['when']): (row: Row) => boolean {
  const wanted = Object.entries(when ?? {}).map(([column, value]) => [column, new Set([value].flat())] as const)
  return (row) => wanted.every(([column, values]) => values.has(cell(row, column)))
}

/** Holds what a map made against the contract. */
function check(type: EventType, candidate: unknown): CloudEvent {
  const parsed = EVENT_SCHEMAS[type].safeParse(candidate)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RowFault(`${type}: ${issue?.path.join('.')}: ${issue?.message}`)
}

/** Makes of a map the function that turns rows into events. Every event that comes out is one that the contract takes. */
export function createMapper(map: EventMap): ApplyMap {
  const time = createTimeColumn(map.time)
  const makers = map.events.map((spec) => {
    const fits = createFilter(spec.when)
    const ownTime = spec.time === undefined ? time : createTimeColumn(spec.time)
    const fields = Object.entries(spec.data)

    return function make(row: Row, number: number): CloudEvent[] {
      if (!fits(row)) return []
      const data = Object.fromEntries(fields.map(([name, value]) => [name, fieldValue(value, row, number)]))
      const envelope = { specversion: '1.0', id: fill(spec.id, row, number), source: map.source, type: spec.type }
      return [check(spec.type, { ...envelope, subject: fill(map.subject, row, number), time: ownTime(row), data })]
    }
  })

  return function applyMap(row, number) {
    try {
      return { kind: 'events', events: makers.flatMap((make) => make(row, number)) }
    } catch (error) {
      if (error instanceof RowFault) return { kind: 'error', reason: error.message }
      throw error
    }
  }
}
