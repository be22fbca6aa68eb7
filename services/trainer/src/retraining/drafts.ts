import { access, constants, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { asError, HoldfastError } from '@holdfast/platform'
import { listVersions, readVersion } from '@holdfast/scorer'

/** Writing a version takes moments: a draft this old is of a process that was killed. */
const STALE_MS = 10 * 60_000

/**
 * Makes sure that versions can be written before any work is done, and removes what killed processes left half written.
 * @throws HoldfastError MODELS_NOT_WRITABLE
 */
export async function prepareModelsFolder(modelsDir: string, now: number, staleMs = STALE_MS): Promise<void> {
  try {
    await mkdir(modelsDir, { recursive: true })
    await access(modelsDir, constants.W_OK)
  } catch (cause) {
    throw new HoldfastError({
      code: 'MODELS_NOT_WRITABLE',
      message: `no model can be written under ${resolve(modelsDir)}: ${asError(cause).message}`,
      cause,
      cure: 'point MODELS_DIR at a folder that the trainer may write to.',
    })
  }
  for (const name of await readdir(modelsDir)) {
    if (!/^\..+-[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name)) continue
    const dir = join(modelsDir, name)
    const { mtimeMs } = await stat(dir).catch(() => ({ mtimeMs: now }))
    if (now - mtimeMs > staleMs) await rm(dir, { recursive: true, force: true })
  }
}

/** The version that says it was made at an instant (RFC 3339): of a job that was broken off after writing it. */
export async function versionMadeAt(modelsDir: string, createdAt: string): Promise<string | undefined> {
  for (const version of (await listVersions(modelsDir)).reverse()) {
    const found = await readVersion(join(modelsDir, version)).catch(() => undefined)
    if (found?.manifest.createdAt === createdAt) return version
  }
  return undefined
}
