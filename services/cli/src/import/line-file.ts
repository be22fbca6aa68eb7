import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { asError, HoldfastError } from '@holdfast/platform'

const CHUNK_CHARACTERS = 1 << 18

/** A file of lines that can be continued where a checkpoint left it. */
export interface LineFile {
  /** Bytes that are in the file; after a `flush`, all. */
  readonly bytes: number
  write(line: string): void
  flush(): void
  close(): void
}

/**
 * @param keep bytes of an earlier run that stay; what comes after them is cut off
 * @throws HoldfastError OUT_UNWRITABLE, also later
 */
export function openLineFile(path: string, keep = 0): LineFile {
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw new HoldfastError({
        code: 'OUT_UNWRITABLE',
        message: `cannot write ${resolve(path)}`,
        cause: asError(cause),
        cure: `check that the folder ${resolve(dirname(path))} exists, its permissions and the space left.`,
      })
    }
  }
  const file = attempt(() => {
    if (keep === 0) rmSync(path, { force: true })
    const opened = openSync(path, keep === 0 ? 'w' : 'r+')
    ftruncateSync(opened, keep)
    return opened
  })
  let bytes = keep
  let text = ''
  function flush(): void {
    let left = Buffer.from(text)
    text = ''
    while (left.length > 0) {
      const written = attempt(() => writeSync(file, left, 0, left.length, bytes))
      bytes += written
      left = left.subarray(written)
    }
  }
  return {
    get bytes() {
      return bytes
    },
    write(line) {
      text += `${line}\n`
      if (text.length > CHUNK_CHARACTERS) flush()
    },
    flush,
    close() {
      flush()
      closeSync(file)
    },
  }
}
