import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { fileUnwritable } from './whole-file.ts'

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
    if (failure === undefined && !stream.write(`${cells.map(cellOf).join(',')}\n`)) await once(stream, 'drain')
    if (failure !== undefined) throw fileUnwritable(file, failure)
  }
  let count = 0
  try {
    await write(header)
    for await (const row of rows) {
      await write(row)
      count++
    }
    stream.end()
    await once(stream, 'close')
    if (failure !== undefined) throw failure
    await rename(draft, file)
    return count
  } catch (thrown) {
    stream.destroy()
    await rm(draft, { force: true })
    throw thrown instanceof Error && 'syscall' in thrown ? fileUnwritable(file, thrown) : thrown
  }
}

function cellOf(value: Cell): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
