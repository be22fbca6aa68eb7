import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { endProcess, isAlive, markProcess, processMarkSchema } from './processes.ts'

const claimSchema = z.object({ server: processMarkSchema, owner: processMarkSchema })

/** Which process serves a data folder, and who started it. */
export interface FolderClaim {
  remember(serverPid: number): void
  release(): void
}

/**
 * A data folder belongs to one server at a time. Throws while a live owner uses it; ends the server that an owner
 * without a chance to clean up has left behind, since it holds the folder's lock and its port.
 */
export const claimFolder = async (dir: string): Promise<FolderClaim> => {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'process.json')
  const claim = existsSync(file) ? readClaim(file) : undefined
  if (claim && isAlive(claim.server)) {
    if (isAlive(claim.owner)) {
      throw new Error(
        `${dir} is in use by process ${claim.server.pid}, started by process ${claim.owner.pid}: stop that first (npx holdfast down)`,
      )
    }
    if (!(await endProcess(claim.server, 15_000))) {
      throw new Error(
        `${dir} is in use by process ${claim.server.pid}, which does not end: kill -9 ${claim.server.pid}`,
      )
    }
  }
  rmSync(file, { force: true })
  return {
    remember: (serverPid) =>
      writeFileSync(file, JSON.stringify({ server: markProcess(serverPid), owner: markProcess(process.pid) })),
    release: () => rmSync(file, { force: true }),
  }
}

/** A half-written claim is as good as none: its writer died while it wrote. */
const readClaim = (file: string) => {
  try {
    return claimSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}
