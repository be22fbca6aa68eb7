import { closeSync, openSync, writeSync } from 'node:fs'
import { FEATURE_NAMES } from '../snapshots.ts'
import type { RowFileOptions, RowFormat } from './row-writer.ts'

const CHUNK_CHARACTERS = 1 << 18

/** The same columns as in Parquet, in RFC 4180; numbers are written so that they read back to the bit. */
export function openCsv(file: string, { splitAt }: RowFileOptions): RowFormat {
  const out = openSync(file, 'w')
  const columns = ['customer_id', 'cutoff', 'label', ...(splitAt === undefined ? [] : ['split']), ...FEATURE_NAMES]
  let text = `${columns.join(',')}\n`

  function flush(): void {
    // A write may take less than it was given.
    let bytes = Buffer.from(text)
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(out, bytes))
    text = ''
  }

  return {
    write({ customerId, cutoff, label, vector }, split) {
      text += `${quoted(customerId)},${new Date(cutoff).toISOString()},${label}`
      if (split !== undefined) text += `,${split}`
      for (const value of vector) text += `,${value}`
      text += '\n'
      if (text.length > CHUNK_CHARACTERS) flush()
    },
    end() {
      flush()
      closeSync(out)
    },
  }
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
