import type { MapValue, TimeColumn, When } from './event-map.ts'
import { show } from './fields.ts'
import { createLocalTime } from './local-time.ts'
import { formatTime, parseTime } from './time.ts'

/** A row of a file, by column. */
export type Row = Readonly<Record<string, string>>

/** A fault of one row; `createMapper` turns it into a value. */
export class RowFault extends Error {}

/**
 * What stands in a column, without blanks around it.
 * @throws RowFault for a column that the file lacks, unless rows are objects, which may leave out what is empty
 */
export type Cell = (row: Row, column: string) => string

export function createCell({ mayLack }: { readonly mayLack: boolean }): Cell {
  return function cell(row, column) {
    const value = Object.hasOwn(row, column) ? row[column] : undefined
    if (value !== undefined) return value.trim()
    if (mayLack) return ''
    throw new RowFault(`column ${column}: the file has none; its columns are ${Object.keys(row).join(', ')}`)
  }
}

export function fill(cell: Cell, template: string, row: Row, number: number): string {
  return template
    .replace(/\{([^{}]+)\}/g, (_, column: string) => (column === '#' ? String(number) : cell(row, column)))
    .trim()
}

/** A decimal number as a person or a spreadsheet writes it: thousands apart, maybe a sign and a currency's symbol. */
export function plainNumber(text: string, decimal: '.' | ','): string {
  const bare = text.replace(/[\s\u00a0\u202f'’\p{Sc}]/gu, '')
  return decimal === ',' ? bare.replaceAll('.', '').replace(',', '.') : bare.replaceAll(/,(?=\d{3}(?:\D|$))/g, '')
}

const TRUE = new Set(['true', 'yes', 'y', '1'])
const FALSE = new Set(['false', 'no', 'n', '0'])

/** Undefined where the cell is empty. */
export type ReadValue = (row: Row, number: number) => string | number | boolean | undefined

export function createValue(spec: MapValue, cell: Cell, mapTime: TimeColumn): ReadValue {
  if (typeof spec === 'number' || typeof spec === 'boolean') return () => spec
  if (typeof spec === 'string') return (row, number) => fill(cell, spec, row, number) || undefined
  const { column, as, abs, decimal, values } = spec
  const fault = (what: string, text: string) => new RowFault(`column ${column}: expected ${what}, got ${show(text)}`)
  const readTime = createTimeReader({ format: spec.format ?? mapTime.format, zone: spec.zone ?? mapTime.zone })

  return function readValue(row) {
    const text = cell(row, column)
    if (values !== undefined) {
      const key = Object.hasOwn(values, text) ? text : '*'
      if (Object.hasOwn(values, key)) return values[key]
      if (text === '') return undefined
      throw fault(`one of ${Object.keys(values).join(', ')}`, text)
    }
    if (text === '') return undefined
    switch (as) {
      case 'text':
        return text
      case 'boolean': {
        const word = text.toLowerCase()
        if (TRUE.has(word)) return true
        if (FALSE.has(word)) return false
        throw fault('true/false, yes/no, y/n or 1/0', text)
      }
      case 'time': {
        const ms = readTime(text) ?? Number.NaN
        if (!(Math.abs(ms) <= MAX_TIME_MS)) throw fault(`a time as ${spec.format ?? mapTime.format}`, text)
        return formatTime(ms)
      }
      case 'country': {
        const code = countryCode(text)
        if (code === undefined) throw fault('a country, as two letters or by its English name', text)
        return code
      }
      default: {
        const plain = plainNumber(text, decimal)
        const unsigned = abs ? plain.replace(/^[-+]/, '') : plain
        if (as === 'amount') return unsigned
        const value = Number(unsigned)
        if (unsigned === '' || !Number.isFinite(value)) throw fault('a number', text)
        return value
      }
    }
  }
}

/** Reads a column of times into ms since 1970 UTC, NaN or undefined where it holds none. */
function createTimeReader({ format, zone }: Omit<TimeColumn, 'column'>): (text: string) => number | undefined {
  if (format === 'rfc3339') return parseTime
  if (format === 'epoch-ms' || format === 'epoch-s') {
    const unitMs = format === 'epoch-s' ? 1000 : 1
    return (text) => (/^\d{1,14}$/.test(text) ? Number(text) * unitMs : undefined)
  }
  return createLocalTime(format, zone)
}

const MAX_TIME_MS = Date.parse('9999-12-31T23:59:59.999Z')

export function createTimeColumn(spec: TimeColumn, cell: Cell): (row: Row) => string {
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

export function createFilter(when: When | undefined, cell: Cell): (row: Row) => boolean {
  const tests = Object.entries(when ?? {}).map(([column, condition]) => {
    if (typeof condition === 'string' || Array.isArray(condition)) {
      const wanted = new Set([condition].flat())
      return (row: Row) => wanted.has(cell(row, column))
    }
    const { not, present, above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = condition
    const unwanted = new Set(not === undefined ? [] : [not].flat())
    const isBounded = condition.above !== undefined || condition.below !== undefined
    return (row: Row) => {
      const text = cell(row, column)
      if (unwanted.has(text) || (present !== undefined && (text !== '') !== present)) return false
      if (!isBounded) return true
      const value = text === '' ? Number.NaN : Number(plainNumber(text, '.'))
      return value > above && value < below
    }
  })
  return (row) => tests.every((test) => test(row))
}

let codes: ReadonlyMap<string, string> | undefined

function countryCode(text: string): string | undefined {
  codes ??= countryCodes()
  return codes.get(text.toLowerCase())
}

/** Codes by themselves and by their English names, both in small letters. */
function countryCodes(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
  const found = new Map<string, string>()
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  for (const code of letters.flatMap((a) => letters.map((b) => a + b))) {
    const name = names.of(code)
    if (name === undefined) continue
    found.set(code.toLowerCase(), code)
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), code)
  }
  return found
}
