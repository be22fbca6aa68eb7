import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { asError, HoldfastError } from '@holdfast/platform'

const NEWLINE = 0x0a

/**
 * The lines of a file, plain or gzip, as bytes without their ends; a line is only good until the next one is asked for.
 * @param onBytes told how many of the file's own bytes have been taken
 * @throws HoldfastError FILE_UNREADABLE
 */
export async function* fileLines(file: string, onBytes: (bytes: number) => void = () => {}): AsyncGenerator<Buffer> {
  const raw = createReadStream(file, { highWaterMark: 1 << 18 })
  raw.on('data', () => onBytes(raw.bytesRead))
  raw.pause()
  const unread = () => {}
  const input: Readable = file.endsWith('.gz') ? pipeline(raw, createGunzip(), unread) : raw
  let rest: Buffer | undefined
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let from = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        const line = chunk.subarray(from, end)
        yield rest === undefined ? line : Buffer.concat([rest, line])
        rest = undefined
        from = end + 1
      }
      if (from < chunk.length) {
        const left = chunk.subarray(from)
        rest = rest === undefined ? left : Buffer.concat([rest, left])
      }
    }
    if (rest !== undefined) yield rest
  } catch (cause) {
    throw new HoldfastError({
      code: 'FILE_UNREADABLE',
      message: `cannot read ${file}`,
      cause: asError(cause),
      cure: 'check the path and its permissions, and that a .gz file is one.',
    })
  } finally {
    raw.destroy()
  }
}
