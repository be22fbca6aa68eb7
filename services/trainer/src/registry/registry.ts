import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listVersions } from '@holdfast/scorer'
import { TrainerError } from '../errors.ts'

/** The version that comes after all that are there: `v1`, `v2`, ... */
export async function nextVersion(modelsDir: string): Promise<string> {
  const newest = (await listVersions(modelsDir)).at(-1)
  return `v${newest === undefined ? 1 : Number(newest.slice(1)) + 1}`
}

/**
 * Writes a version as a whole or not at all: `fill` writes into a hidden folder beside it, which is then renamed. A version
 * that exists is never touched.
 *
 * @returns the folder of the version
 * @throws TrainerError `version_taken`
 */
export async function writeVersion(
  modelsDir: string,
  version: string,
  fill: (dir: string) => Promise<void>,
): Promise<string> {
  const draft = join(modelsDir, `.${version}-${randomUUID()}`)
  await mkdir(draft, { recursive: true })
  const dir = join(modelsDir, version)
  try {
    await fill(draft)
    await rename(draft, dir)
    return dir
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    throw versionTaken(dir, error)
  }
}

/** Says before any work is done what `writeVersion` would say after it. @throws TrainerError `version_taken` */
export async function requireFree(modelsDir: string, version: string): Promise<void> {
  const dir = join(modelsDir, version)
  // An empty folder may be taken over; anything unreadable is left for the writing to explain.
  const files = await readdir(dir).catch(() => [])
  if (files.length > 0) throw versionTaken(dir)
}

function versionTaken(dir: string, cause?: unknown): TrainerError {
  return new TrainerError(
    'version_taken',
    `${dir} exists already; a version is never written over: choose another name`,
    cause,
  )
}

/** Writes one text file of a version. */
export async function writeText(dir: string, file: string, text: string): Promise<void> {
  await writeFile(join(dir, file), text.endsWith('\n') ? text : `${text}\n`)
}
