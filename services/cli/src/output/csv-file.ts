import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { asError, HoldfastError } from '@holdfast/platform'

type Cell = string | number

/**
 * Writes a CSV file (RFC 4180) that is there as a whole or not at all: rows go to a draft beside it, which takes its name
 * when the last one is written.
 * @returns the number of rows
 * @throws HoldfastError FILE_UNWRITABLE, or whatever `rows` throws
 */
export async function writeCsv(
  file: string,
  header: readonly string[],
  rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>,
): Promise<number> {
  const draft = `${file}.${process.pid}.part`
  const stream = createWriteStream(draft)
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure = error
  })
  const write = async (cells: readonly Cell[]) => {
    if (failure === undefined && !stream.write(`${cells.map(cellOf).join(',')}\n`)) {
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve)
        stream.once('error', () => resolve())
      })
    }
    if (failure !== undefined) throw unwritable(file, failure)
  }
  let count = 0
  try {
    await write(header)
    for await (const row of rows) {
      await write(row)
      count++
    }
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject)
      stream.end(() => resolve())
    })
    await rename(draft, file)
    return count
  } catch (thrown) {
    stream.destroy()
    await rm(draft, { force: true })
    throw thrown instanceof Error && 'syscall' in thrown ? unwritable(file, thrown) : thrown
  }
}

function cellOf(value: Cell): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function unwritable(file: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'FILE_UNWRITABLE',
    message: `cannot write ${file}`,
    cause: asError(cause),
    cure: 'check that the folder exists and may be written to.',
  })
}
