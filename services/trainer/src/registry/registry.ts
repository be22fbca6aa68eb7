import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
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
    throw new TrainerError('version_taken', `${dir} exists already; a version is never written over`, error)
  }
}

/** Writes one text file of a version. */
export async function writeText(dir: string, file: string, text: string): Promise<void> {
  await writeFile(join(dir, file), text.endsWith('\n') ? text : `${text}\n`)
}
