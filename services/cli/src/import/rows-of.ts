import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { columnsOf, createComputer, createGrouper, type EventMap, type Grouped, type Row } from '@holdfast/contracts'
import { HoldfastError } from '@holdfast/platform'
import { fileUnreadable } from '../errors.ts'
import { readJsonRows } from './read-json.ts'
import { readParquetRows } from './read-parquet.ts'
import { openFile, type ReadRow, readRows } from './read-rows.ts'

/** A row to be mapped, or one that cannot be; a row of a group stands for several. */
export type SourceRow = {
  readonly line: number
  /** Of the row in its file, from 1. */
  readonly number: number
  /** Set where there are several. */
  readonly file?: string
} & (
  | { readonly kind: 'row'; readonly row: Row; readonly rows: number }
  | { readonly kind: 'broken'; readonly reason: string; readonly row?: Row }
)

export type FileFormat = NonNullable<EventMap['format']>

export function formatOfFile(file: string, map: EventMap): FileFormat {
  if (map.format !== undefined) return map.format
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(file)) return 'ndjson'
  return /\.parquet$/i.test(file) ? 'parquet' : 'csv'
}

/** Whether rows of these files are objects, which may leave out what is empty. */
export function mayLackColumns(files: readonly string[], map: EventMap): boolean {
  return files.every((file) => formatOfFile(file, map) === 'ndjson')
}

/** The name of the row's file, for ids that must differ between files. */
const FILE_COLUMN = '@file'

/**
 * The rows of all files in order, with the columns that the map makes of others and the rows of one group as one.
 * @param onShare told how much of all bytes was read, 0 to 1
 * @throws HoldfastError FILE_UNREADABLE, IDS_CLASH
 */
export async function* rowsOf(
  files: readonly string[],
  map: EventMap,
  onShare: (share: number) => void = () => {},
): AsyncGenerator<SourceRow> {
  requireDistinctIds(files, map)
  const sizes = files.map(sizeOf)
  const total = Math.max(
    1,
    sizes.reduce((sum, size) => sum + size, 0),
  )
  const compute = createComputer(map)
  let before = 0
  for (const [i, file] of files.entries()) {
    const size = sizes[i] ?? 0
    const name = basename(file)
    const where = files.length > 1 ? { file: name } : {}
    const grouper = map.group && createGrouper(map.group)
    const place = (grouped: readonly Grouped[]) => grouped.map((one): SourceRow => ({ ...one, ...where }))
    let number = 0
    for await (const read of readerOf(file, map, (share) => onShare((before + share * size) / total))) {
      number++
      const at = { line: read.line, number, ...where }
      if (read.kind === 'broken') {
        yield { kind: 'broken', reason: read.reason, ...at }
        continue
      }
      const row = compute({ ...read.row, [FILE_COLUMN]: name })
      if (typeof row === 'string') yield { kind: 'broken', reason: row, row: read.row, ...at }
      else if (grouper === undefined) yield { kind: 'row', row, rows: 1, ...at }
      else yield* place(grouper.push(row, at))
    }
    if (grouper !== undefined) yield* place(grouper.end())
    before += size
  }
  onShare(1)
}

function readerOf(file: string, map: EventMap, onShare: (share: number) => void): AsyncIterable<ReadRow> {
  const format = formatOfFile(file, map)
  if (format === 'parquet') return readParquetRows(file, columnsOf(map), onShare)
  const size = Math.max(1, sizeOf(file))
  const input = openFile(file, (bytes) => onShare(bytes / size))
  return format === 'ndjson' ? readJsonRows(input, file) : readRows(input, map.csv, file)
}

/** Numbers of rows are the same in every file. */
function requireDistinctIds(files: readonly string[], map: EventMap): void {
  if (files.length < 2) return
  const clashing = map.events.find(({ id }) => id.includes('{#}') && !id.includes(`{${FILE_COLUMN}}`))
  if (clashing === undefined) return
  throw new HoldfastError({
    code: 'IDS_CLASH',
    message: `the map makes ids of the row's number ("${clashing.id}"), which is the same in each of ${files.length} files`,
    cure: `name the file in the id as well: "{${FILE_COLUMN}}-${clashing.id}".`,
  })
}

export function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (cause) {
    throw fileUnreadable(file, cause)
  }
}
