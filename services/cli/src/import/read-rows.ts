import { createReadStream } from 'node:fs'
import { pipeline, type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { EventMap, Row } from '@holdfast/contracts'
import { type CsvError, type Info, parse } from 'csv-parse'
import { fileUnreadable } from '../errors.ts'
import { readLines } from '../events/read-lines.ts'

/** A row of the file, or what is wrong with it as CSV. */
export type ReadRow =
  | { readonly kind: 'row'; readonly line: number; readonly row: Row }
  | { readonly kind: 'broken'; readonly line: number; readonly reason: string }

/** A file being read: `onBytes` tells how many of its (compressed) bytes have been taken. Errors reach whoever reads. */
export function openFile(file: string, onBytes: (bytes: number) => void = () => {}): Readable {
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      onBytes(bytes)
      done(null, chunk)
    },
  })
  const raw = createReadStream(file, { highWaterMark: 1 << 18 })
  // The last stream of a pipeline is destroyed with the error of any: that is where the reader meets it.
  const unread = () => {}
  return file.endsWith('.gz') ? pipeline(raw, counted, createGunzip(), unread) : pipeline(raw, counted, unread)
}

/**
 * The rows of a CSV file, one at a time, however large it is. Lines count from 1 and include the header.
 * @throws HoldfastError FILE_UNREADABLE
 */
export async function* readRows(input: Readable, csv: EventMap['csv'], file = 'the file'): AsyncGenerator<ReadRow> {
  try {
    if (input.errored) throw input.errored
    yield* csv.delimiter === 'whitespace' ? readPadded(input, csv.columns) : readSeparated(input, csv)
  } catch (cause) {
    throw fileUnreadable(file, cause)
  }
}

async function* readSeparated(input: Readable, { delimiter, columns }: EventMap['csv']): AsyncGenerator<ReadRow> {
  // The parser tells of broken records before it hands over earlier good ones; rows must come in the order of the file.
  const broken: ReadRow[] = []
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    columns: columns ?? true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) broken.push({ kind: 'broken', line: lineOf(error), reason: error.message })
    },
  })
  input.on('error', (error) => parser.destroy(error))
  input.pipe(parser)
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Row; info: Info }>) {
      while (broken[0] !== undefined && broken[0].line < info.lines) yield* broken.splice(0, 1)
      yield { kind: 'row', line: info.lines, row: record }
    }
    yield* broken
  } finally {
    input.destroy()
  }
}

function lineOf(error: CsvError): number {
  return typeof error.lines === 'number' ? error.lines : 0
}

/** Columns padded with blanks: no quotes, any run of blanks separates. */
async function* readPadded(input: Readable, given: readonly string[] | undefined): AsyncGenerator<ReadRow> {
  let columns = given
  let line = 0
  for await (const text of readLines(input)) {
    line++
    const cells = text
      .replace(/^\uFEFF/, '')
      .trim()
      .split(/\s+/)
    if (cells[0] === '') continue
    if (columns === undefined) {
      columns = cells
    } else if (cells.length !== columns.length) {
      yield { kind: 'broken', line, reason: `expected ${columns.length} columns, got ${cells.length}` }
    } else {
      yield { kind: 'row', line, row: Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? ''])) }
    }
  }
}
