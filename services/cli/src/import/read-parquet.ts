import { gunzipSync } from 'node:zlib'
import { decompress as zstdDecompress } from 'fzstd'
import {
  asyncBufferFromFile,
  type Compressors,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet'
import { fileUnreadable } from '../errors.ts'
import { flatten } from './flatten.ts'
import type { ReadRow } from './read-rows.ts'

/** Snappy is read by the library itself. */
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  ZSTD: (bytes, size) => zstdDecompress(bytes, new Uint8Array(size)),
}

const ROWS_AT_ONCE = 20_000

/**
 * Rows of a Parquet file, a piece at a time; its `line` is the number of the row.
 * @param wanted columns that the map names; others are not read
 * @param onShare told how much of the file was read, 0 to 1
 * @throws HoldfastError FILE_UNREADABLE
 */
export async function* readParquetRows(
  file: string,
  wanted: ReadonlySet<string>,
  onShare: (share: number) => void = () => {},
): AsyncGenerator<ReadRow> {
  try {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    const total = Number(metadata.num_rows)
    const names = parquetSchema(metadata).children.map(({ element }) => element.name)
    // A nested column goes by the name before its first dot.
    const columns = names.filter((name) => [...wanted].some((one) => one === name || one.startsWith(`${name}.`)))
    const known = columns.length > 0 ? columns : names
    for (let from = 0; from < total; from += ROWS_AT_ONCE) {
      const rowEnd = Math.min(total, from + ROWS_AT_ONCE)
      const options = { file: buffer, metadata, columns: known, compressors: COMPRESSORS }
      const rows: unknown[] = await parquetReadObjects({ ...options, rowStart: from, rowEnd })
      for (const [i, value] of rows.entries()) {
        const line = from + i + 1
        const row = flatten(value)
        yield row === undefined ? { kind: 'broken', line, reason: 'no row' } : { kind: 'row', line, row }
      }
      onShare(rowEnd / total)
    }
  } catch (cause) {
    throw fileUnreadable(file, cause)
  }
}
