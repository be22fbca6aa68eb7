import { hash48 } from '@holdfast/core'
import { plainNumber, type Row } from './apply-map-values.ts'
import type { EventMap, Grouping } from './event-map.ts'

/** A decimal number as an integer of units of 10^-scale: products and sums of decimals stay exact. */
interface Decimal {
  readonly units: bigint
  readonly scale: number
}

const DECIMAL = /^([-+]?)(\d+)(?:\.(\d*))?$/

function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = ''] = DECIMAL.exec(plainNumber(text, '.')) ?? []
  if (sign === undefined) return undefined
  const units = BigInt(whole + fraction)
  return { units: sign === '-' ? -units : units, scale: fraction.length }
}

function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { units: scaled(a, scale) + scaled(b, scale), scale }
}

function scaled({ units, scale }: Decimal, to: number): bigint {
  return units * 10n ** BigInt(to - scale)
}

/** Amounts travel with four decimals at most; more are rounded, half away from zero. */
const MOST_DECIMALS = 4

function formatDecimal(value: Decimal): string {
  let { units, scale } = value
  if (scale > MOST_DECIMALS) {
    const divisor = 10n ** BigInt(scale - MOST_DECIMALS)
    const half = (units < 0n ? -divisor : divisor) / 2n
    units = (units + half) / divisor
    scale = MOST_DECIMALS
  }
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const sign = units < 0n ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** A row with the columns that the map makes of others, or what is wrong with it. An empty factor makes an empty product. */
export function createComputer(map: EventMap): (row: Row) => Row | string {
  const columns = Object.entries(map.computed)
  if (columns.length === 0) return (row) => row
  return function compute(row) {
    const made: Record<string, string> = {}
    for (const [name, { multiply }] of columns) {
      let product: Decimal | undefined = { units: 1n, scale: 0 }
      for (const column of multiply) {
        const text = row[column]?.trim() ?? ''
        const factor = text === '' ? undefined : parseDecimal(text)
        if (factor === undefined && text !== '')
          return `column ${column}: expected a number, got ${JSON.stringify(text)}`
        product = product && factor && { units: product.units * factor.units, scale: product.scale + factor.scale }
      }
      made[name] = product === undefined ? '' : formatDecimal(product)
    }
    return { ...row, ...made }
  }
}

/** Where a row stands in its file. */
export interface Place {
  readonly line: number
  /** Of the row, from 1. */
  readonly number: number
}

/** Rows of one group as one row, with the place of the first; or what is wrong with one that cannot be added. */
export type Grouped =
  | ({ readonly kind: 'row'; readonly row: Row; readonly rows: number } & Place)
  | ({ readonly kind: 'broken'; readonly reason: string; readonly row: Row } & Place)

export interface Grouper {
  /** The groups that this row has closed, and what is wrong with it. */
  push(row: Row, place: Place): Grouped[]
  /** The groups that are still open. */
  end(): Grouped[]
}

interface Group extends Place {
  readonly key: string
  readonly row: Row
  readonly sums: Decimal[]
  rows: number
  lastNumber: number
}

/**
 * Makes one row of the rows of one group, such as the lines of an order. A group is closed when so many rows (`within`) have
 * passed without one of its own; a row that comes later still is named as bad, never taken for an order of its own.
 */
export function createGrouper({ by, sum, count, within }: Grouping): Grouper {
  /** Open groups, the one whose last row is oldest first. */
  const open = new Map<string, Group>()
  const closed = new Set<number>()

  function close(group: Group): Grouped {
    open.delete(group.key)
    closed.add(hash48(group.key))
    const row: Record<string, string> = { ...group.row }
    for (const [i, column] of sum.entries()) row[column] = formatDecimal(group.sums[i]!)
    if (count !== undefined) row[count] = String(group.rows)
    return { kind: 'row', row, rows: group.rows, line: group.line, number: group.number }
  }

  function expire(number: number): Grouped[] {
    const done: Grouped[] = []
    for (const group of open.values()) {
      if (number - group.lastNumber <= within) break
      done.push(close(group))
    }
    return done
  }

  return {
    push(row, place) {
      const done = expire(place.number)
      const broken = (reason: string): Grouped[] => [...done, { kind: 'broken', reason, row, ...place }]
      const cells = by.map((column) => row[column]?.trim())
      const missing = by.find((_, i) => cells[i] === undefined)
      if (missing !== undefined)
        return broken(`column ${missing}: the file has none; its columns are ${Object.keys(row).join(', ')}`)
      const values: Decimal[] = []
      for (const column of sum) {
        const text = row[column]?.trim() ?? ''
        const value = parseDecimal(text)
        if (value === undefined)
          return broken(`column ${column}: expected a number to add up, got ${JSON.stringify(text)}`)
        values.push(value)
      }
      const key = JSON.stringify(cells)
      const group = open.get(key)
      if (group === undefined) {
        if (closed.has(hash48(key)))
          return broken(
            `${by.join(', ')} ${cells.join(', ')}: more rows of it come than ${within} rows later; sort the file by ${by.join(', ')}`,
          )
        open.set(key, { key, row, sums: values, rows: 1, lastNumber: place.number, ...place })
        return done
      }
      for (const [i, value] of values.entries()) group.sums[i] = add(group.sums[i]!, value)
      group.rows++
      group.lastNumber = place.number
      open.delete(key)
      open.set(key, group)
      return done
    },
    end: () => [...open.values()].map(close),
  }
}
