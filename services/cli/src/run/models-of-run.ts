import { randomUUID } from 'node:crypto'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder, type RunMode } from '@holdfast/local'
import { listVersions } from '@holdfast/scorer'

/** Where the trainer of a run writes versions, unless MODELS_DIR says otherwise: a checkout must not change by itself. */
export const modelsOfRun = (mode: RunMode): string => join(dataFolder(mode), 'models')

/**
 * Gives the folder of a run the versions of the checkout that it does not have: what the trainer makes is numbered after them.
 * Nothing that is there is written over.
 */
export async function bringModels(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const there = new Set(await listVersions(to))
  for (const version of await listVersions(from)) {
    if (there.has(version)) continue
    // Whole or not at all; the trainer removes such a draft if this is killed.
    const draft = join(to, `.${version}-${randomUUID()}`)
    try {
      await cp(join(from, version), draft, { recursive: true })
      await rename(draft, join(to, version))
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }
}
