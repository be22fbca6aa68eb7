import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Live, time-lapse and replay keep their data apart. */
export type RunMode = 'live' | 'time-lapse' | 'replay'

/** The checkout this file belongs to: the nearest folder above it with a `turbo.json`. Works from `src` and from `dist`. */
export const repositoryRoot = (): string => {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'turbo.json'))) return folder
  }
  throw new Error(`no turbo.json in any folder above ${start}: local services run from a checkout of the repository`)
}

export const pomFile = (root = repositoryRoot()): string => join(root, 'infra', 'local', 'pom.xml')
export const composeFile = (root = repositoryRoot()): string => join(root, 'infra', 'compose.yaml')

/** Downloads that survive `npm ci` and may be deleted at any time; all runs of a checkout share them. */
export const cacheFolder = (name: string, root = repositoryRoot()): string => join(root, '.holdfast', 'cache', name)

/** Where runs keep what is theirs: `HOLDFAST_HOME` where it is set, else `.holdfast` of the checkout. */
export const homeFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.HOLDFAST_HOME ? resolve(env.HOLDFAST_HOME) : join(repositoryRoot(), '.holdfast')

/** Data of the broker and of Redis, and the logs of one mode. */
export const dataFolder = (mode: RunMode, home = homeFolder()): string => join(home, mode)
/** What `holdfast status --json` reads. One run at a time in each home. */
export const runStateFile = (home = homeFolder()): string => join(home, 'run', 'services.json')
