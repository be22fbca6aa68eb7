import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { HoldfastError } from '@holdfast/platform'
import { usageError } from '../errors.ts'
import type { CheckedEvent, Sender } from '../events/outgoing.ts'
import type { Progress } from '../output/progress-bar.ts'
import type { Checkpoint, Saved } from './checkpoint.ts'
import { type Imported, type ImportProgress, importRows } from './import-rows.ts'
import { type LineFile, openLineFile } from './line-file.ts'
import type { prepareImport } from './prepare.ts'
import { rowsOf } from './rows-of.ts'

/** Where events go. */
export interface ImportTarget {
  push(event: CheckedEvent): Promise<void> | void
  /** Resolves when everything pushed is safe. Returns how many bytes of the output that makes. */
  flush(): Promise<number>
  /** The import is complete: the output takes its name. */
  finish(): void
  /** Nothing came of it: leaves nothing behind. */
  abandon(): void
}

export interface RunImportOptions {
  readonly files: readonly string[]
  readonly mapFile: string
  readonly prepared: Awaited<ReturnType<typeof prepareImport>>
  readonly badFile: string
  readonly target: (saved: Saved | undefined) => ImportTarget
  readonly checkpoint?: Checkpoint
  readonly bar: Progress
  /** Told where an earlier run is continued. */
  readonly onResume?: (from: ImportProgress) => void
  readonly everyReads?: number
}

const EVERY_READS = 20_000

/**
 * Imports files, from where an earlier run of the same import was broken off.
 * @throws HoldfastError FILE_EMPTY, MAP_MATCHES_NOTHING; FILE_UNREADABLE, OUT_UNWRITABLE
 */
export async function runImport(options: RunImportOptions): Promise<Imported> {
  const { files, prepared, badFile, checkpoint, bar, everyReads = EVERY_READS } = options
  const saved = usable(checkpoint?.saved, badFile)
  if (saved !== undefined) options.onResume?.(saved.progress)
  const target = options.target(saved)
  let badRows: LineFile | undefined
  const badLines = () => {
    badRows ??= openLineFile(badFile, saved?.badBytes ?? 0)
    return badRows
  }
  let share = 0
  let lastReason: string | undefined
  const note = async (progress: ImportProgress, isDone: boolean) => {
    const outBytes = await target.flush()
    badRows?.flush()
    checkpoint?.save({ isDone, outBytes, badBytes: badRows?.bytes ?? saved?.badBytes ?? 0, progress })
  }
  let reads = 0
  try {
    const rows = rowsOf(files, prepared.eventMap, (part) => (share = part))
    const imported = await importRows(counted(), {
      ...prepared,
      ...(saved && { from: saved.progress }),
      onEvent: (event) => target.push(event),
      onBadRow(bad) {
        lastReason ??= `line ${bad.line}: ${bad.reason}`
        badLines().write(JSON.stringify(bad))
      },
      onRow: (taken) => bar.update(share, taken),
      checkpoint: { everyReads, save: (progress) => note(progress, false) },
    })
    await target.flush()
    if (imported.events === 0) throw nothingCame(imported, options, lastReason)
    await note({ ...imported, reads }, true)
    target.finish()
    return imported

    async function* counted() {
      for await (const row of rows) {
        reads++
        yield row
      }
    }
  } catch (error) {
    if (error instanceof HoldfastError && (error.code === 'FILE_EMPTY' || error.code === 'MAP_MATCHES_NOTHING')) {
      target.abandon()
      checkpoint?.forget()
    }
    throw error
  } finally {
    bar.end()
    badRows?.close()
  }
}

/** Progress counts for nothing where the file of bad rows that belongs to it is gone. */
function usable(saved: Saved | undefined, badFile: string): Saved | undefined {
  if (saved === undefined || saved.badBytes === 0) return saved
  return existsSync(badFile) && statSync(badFile).size >= saved.badBytes ? saved : undefined
}

function nothingCame(
  { rows, badRows, withoutEvent }: Imported,
  { files, mapFile, badFile }: RunImportOptions,
  reason: string | undefined,
): HoldfastError {
  const names = files.join(', ')
  if (rows === 0) {
    return new HoldfastError({
      code: 'FILE_EMPTY',
      message: `${names}: no row in it`,
      cure: 'is this the right file? A CSV file needs a first line with its columns, or their names in the map (csv.columns).',
    })
  }
  const why =
    badRows > 0
      ? `${badRows} rows are bad (${reason ?? 'see the file of bad rows'}; all are in ${badFile})`
      : `no event of the map has a "when" that fits any of ${withoutEvent} rows`
  return new HoldfastError({
    code: 'MAP_MATCHES_NOTHING',
    message: `${mapFile} makes no event of ${names}: of ${rows} rows, ${why}`,
    cure: 'compare the columns and values that the map names with the first lines of the file; --dry-run shows what comes of them.',
  })
}

/** A file of lines, under another name until it is complete. */
export function fileTarget(out: string, saved: Saved | undefined): ImportTarget {
  const draft = draftOf(out)
  const lines = openLineFile(draft, saved?.outBytes ?? 0)
  return {
    push: ({ value }) => lines.write(String(value)),
    async flush() {
      lines.flush()
      return lines.bytes
    },
    finish() {
      lines.close()
      renameSync(draft, out)
    },
    abandon() {
      lines.close()
      rmSync(draft, { force: true })
    },
  }
}

export const draftOf = (out: string): string => `${out}.draft`

/** @throws HoldfastError USAGE for a folder */
export function requireFileName(out: string): void {
  if (existsSync(out) && statSync(out).isDirectory()) throw usageError(`--out ${out} is a folder; name a file`)
}

export function standardOutputTarget(): ImportTarget {
  return {
    async push({ value }) {
      if (!process.stdout.write(`${value}\n`)) {
        await new Promise<void>((resolve) => process.stdout.once('drain', resolve))
      }
    },
    flush: async () => 0,
    finish() {},
    abandon() {},
  }
}

export function topicsTarget(sender: Sender): ImportTarget {
  return {
    push: (event) => sender.push(event),
    async flush() {
      await sender.end()
      return 0
    },
    finish() {},
    abandon() {},
  }
}
