import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDecoder, createMapper, parseEventMap } from '@holdfast/contracts'
import { type BadRow, importRows } from './import-rows.ts'
import { mayLackColumns, rowsOf } from './rows-of.ts'

/* For tests only: files as somebody has them, and what a map makes of them. */

export function fileOf(name: string, content: string | Buffer): string {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-import-')), name)
  writeFileSync(file, content)
  return file
}

export interface MadeEvent {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
}

export async function importFiles(files: readonly string[], mapText: string, most?: number) {
  const map = parseEventMap(mapText)
  const events: MadeEvent[] = []
  const bad: BadRow[] = []
  const summary = await importRows(rowsOf(files, map), {
    map: createMapper(map, { mayLackColumns: mayLackColumns(files, map) }),
    decode: createDecoder({ base: 'EUR', rates: { GBP: '1.17', USD: '0.92' } }),
    now: () => Date.UTC(2026, 5, 1),
    onEvent: ({ value }) => void events.push(JSON.parse(String(value))),
    onBadRow: (row) => void bad.push(row),
    ...(most !== undefined && { most }),
  })
  return { summary, events, bad }
}
