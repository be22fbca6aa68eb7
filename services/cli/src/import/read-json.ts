import type { Readable } from 'node:stream'
import { fileUnreadable } from '../errors.ts'
import { readLines } from '../events/read-lines.ts'
import { flatten } from './flatten.ts'
import type { ReadRow } from './read-rows.ts'

/**
 * Rows of a file of JSON objects, one a line; empty lines are passed over.
 * @throws HoldfastError FILE_UNREADABLE
 */
export async function* readJsonRows(input: Readable, file: string): AsyncGenerator<ReadRow> {
  let line = 0
  try {
    for await (const text of readLines(input)) {
      line++
      if (text.trim() === '') continue
      yield rowOf(text, line)
    }
  } catch (cause) {
    throw fileUnreadable(file, cause)
  } finally {
    input.destroy()
  }
}

function rowOf(text: string, line: number): ReadRow {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return { kind: 'broken', line, reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const row = flatten(value)
  return row === undefined ? { kind: 'broken', line, reason: 'expected a JSON object' } : { kind: 'row', line, row }
}
