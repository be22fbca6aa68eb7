import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { asError, HoldfastError } from '@holdfast/platform'
import type { Row } from '../snapshots.ts'
import { openCsv } from './csv.ts'
import { openParquet } from './parquet.ts'

/** What stands beside the features in a file of rows. */
export interface RowFileOptions {
  /** Adds a column `split`: `train` where the label was known by then, `test` at later cutoffs, `gap` between; ms. */
  readonly splitAt?: number
  readonly horizonMs: number
  /** Says how the rows came about; kept in the file where its format has a place for it. */
  readonly about: Readonly<Record<string, string>>
}

/** A file being written; nothing can be seen under its name before it is complete. */
export interface RowWriter {
  readonly rows: number
  write(row: Row): void
  /** Closes the file and gives it its name. */
  end(): void
  /** Leaves nothing behind. */
  abort(): void
}

/** Takes rows one at a time and writes them in pieces; `end` writes the rest and closes the file. */
export interface RowFormat {
  write(row: Row, split: string | undefined): void
  end(): void
}

export type RowFileFormat = 'parquet' | 'csv'

/** @throws HoldfastError OUT_FORMAT_UNKNOWN */
export function formatOf(path: string): RowFileFormat {
  const format = /\.(parquet|csv)$/.exec(path)?.[1]
  if (format === 'parquet' || format === 'csv') return format
  throw new HoldfastError({
    code: 'OUT_FORMAT_UNKNOWN',
    message: `${path}: the ending says neither .parquet nor .csv`,
    cure: 'name the file for what shall be in it, for example rows.parquet.',
  })
}

/** @throws HoldfastError OUT_UNWRITABLE */
export function openRowWriter(path: string, options: RowFileOptions, format = formatOf(path)): RowWriter {
  const draft = `${path}.${process.pid}.draft`
  const written = writable(path, () => {
    mkdirSync(dirname(path), { recursive: true })
    return (format === 'parquet' ? openParquet : openCsv)(draft, options)
  })
  let rows = 0
  return {
    get rows() {
      return rows
    },
    write(row) {
      writable(path, () => written.write(row, splitOf(row, options)))
      rows++
    },
    end() {
      writable(path, () => {
        written.end()
        renameSync(draft, path)
      })
    },
    abort: () => rmSync(draft, { force: true }),
  }
}

function splitOf({ cutoff }: Row, { splitAt, horizonMs }: RowFileOptions): string | undefined {
  if (splitAt === undefined) return undefined
  if (cutoff + horizonMs <= splitAt) return 'train'
  return cutoff >= splitAt ? 'test' : 'gap'
}

function writable<T>(path: string, write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw new HoldfastError({
      code: 'OUT_UNWRITABLE',
      message: `cannot write ${path}`,
      cause: asError(cause),
      cure: 'check the path, its permissions and the space left.',
    })
  }
}
