import type { Row } from '@holdfast/contracts'

/**
 * An object as a row: nested objects become columns with dots (`requester.email`), lists stay JSON, null is empty, instants are
 * RFC 3339. Undefined for what is no object.
 */
export function flatten(value: unknown): Row | undefined {
  if (!isObject(value)) return undefined
  const row: Record<string, string> = {}
  fill(row, '', value)
  return row
}

function fill(row: Record<string, string>, prefix: string, object: object): void {
  for (const [name, value] of Object.entries(object)) {
    const column = `${prefix}${name}`
    if (isObject(value)) fill(row, `${column}.`, value)
    else row[column] = textOf(value)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isValue(value)
}

function isValue(value: object): value is Date | Uint8Array {
  return value instanceof Date || value instanceof Uint8Array
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (Array.isArray(value))
    return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item))
  return String(value)
}
