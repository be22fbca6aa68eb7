import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'

const count = z.number().int().min(0)
const savedSchema = z.object({
  /** What was imported, by what and to where: progress is worth nothing to another import. */
  key: z.string(),
  isDone: z.boolean(),
  /** Bytes of the output and of the file of bad rows that belong to it. */
  outBytes: count,
  badBytes: count,
  progress: z.object({
    reads: count,
    rows: count,
    events: count,
    byType: z.record(z.string(), count),
    withoutEvent: count,
    badRows: count,
  }),
})
export type Saved = z.output<typeof savedSchema>

/** Where an import notes how far it is. */
export interface Checkpoint {
  /** What an earlier run of the same import noted; undefined where there was none. */
  readonly saved: Saved | undefined
  save(saved: Omit<Saved, 'key'>): void
  forget(): void
}

export function keyOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** A file as it stands: path, size and last change. */
export function fingerprint(file: string): string {
  const { size, mtimeMs } = statSync(file)
  return `${resolve(file)} ${size} ${mtimeMs}`
}

export function openCheckpoint(path: string, key: string): Checkpoint {
  return {
    saved: read(path, key),
    save(saved) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.draft`, JSON.stringify({ key, ...saved }))
      renameSync(`${path}.draft`, path)
    },
    forget: () => rmSync(path, { force: true }),
  }
}

function read(path: string, key: string): Saved | undefined {
  try {
    const saved = savedSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    return saved.key === key ? saved : undefined
  } catch {
    // Absent or damaged: the import starts from the beginning, which is only slower.
    return undefined
  }
}
