import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { OpenModel } from '@holdfast/champion'
import { readRunState } from '@holdfast/local'
import type { ModelPointer, ModelStore, ReadPointers } from '@holdfast/platform'
import { type Backend, MANIFEST_FILE } from '@holdfast/scorer'
import { type Env, modelsFolder } from '../config.ts'
import { usageError } from '../errors.ts'
import { type Installation, withInstallation } from '../installation.ts'
import { note } from '../output/text.ts'
import { modelsOfRun } from '../run/models-of-run.ts'
import { openProposal } from './read-retraining.ts'

/** The models of an installation: the folder of versions, and what Redis points to. */
export interface Registry {
  readonly on: Installation
  readonly folder: string
  /** All that are looked through: this folder, then that of the trainer of the run here. */
  readonly folders: readonly string[]
  readonly store: ModelStore
  readonly pointers: ReadPointers
  backend(): Promise<Backend>
  /** A version of the folders, a folder of its own (a path), or one that Redis still holds. @throws ScorerError, HoldfastError */
  open(name: string): Promise<OpenModel>
  openPointer(pointer: ModelPointer): Promise<OpenModel>
}

/** Runs `work` on the registry. Kafka is only asked where the topics are read. */
export function withRegistry<T>(work: (registry: Registry) => Promise<T>): Promise<T> {
  const env = process.env.REDIS_URL ? { KAFKA_BROKERS: '127.0.0.1:9092', ...process.env } : process.env
  return withInstallation(
    async (on) => {
      const { modelStore } = await import('@holdfast/platform')
      const { openBackend, openFolder, openStored } = await import('@holdfast/champion')
      const folder = modelsFolder(on.config)
      const folders = [folder, ...folderOfRun(env)]
      const store = modelStore(await on.redis(), on.config.KEY_PREFIX)
      const pointers = await store.pointers()
      const opened: OpenModel[] = []
      const kept = async (opening: Promise<OpenModel>) => {
        const model = await opening
        opened.push(model)
        return model
      }
      let loading: Promise<Backend> | undefined
      const backend = () => {
        loading ??= openBackend(on.log)
        return loading
      }
      const openPointer = async (pointer: ModelPointer) => kept(openStored(await backend(), await store.read(pointer)))
      async function open(name: string) {
        const dirs = name.includes('/') ? [resolve(name)] : folders.map((each) => join(each, name))
        const [dir, other] = dirs.filter((each) => existsSync(each))
        if (dir !== undefined) {
          if (other !== undefined && !isSame(dir, other))
            note(`${name} is ${dir}; the trainer made another one: ${other}`)
          return kept(openFolder(await backend(), dir))
        }
        const pointer = pointedTo(pointers).find(({ version }) => version === name)
        if (pointer !== undefined) return openPointer(pointer)
        const proposed = await openProposal(await on.redis(), on.config.KEY_PREFIX, name)
        if (proposed !== undefined) return kept(openStored(await backend(), proposed))
        throw usageError(
          `there is no model ${JSON.stringify(name)}: neither ${dirs[0]} nor Redis has it ("models list")`,
        )
      }
      try {
        return await work({ on, folder, folders, store, pointers, backend, open, openPointer })
      } finally {
        for (const { scorer } of opened) scorer.dispose()
      }
    },
    { env },
  )
}

/** Where the trainer of the run here writes, if the commands are about that run. */
function folderOfRun(env: Env): readonly string[] {
  const run = readRunState()
  if (run.kind !== 'running' || env.MODELS_DIR) return []
  const isOfRun = !env.REDIS_URL || env.REDIS_URL === run.state.redis.urls.join(',')
  return isOfRun ? [modelsOfRun(run.state.mode)] : []
}

/** A run begins with copies of the checkout's versions. */
function isSame(dir: string, other: string): boolean {
  const [one, two] = [dir, other].map((each) => readFileSync(join(each, MANIFEST_FILE)))
  return one !== undefined && two !== undefined && one.equals(two)
}

/** Every pointer there is, champion first. */
export function pointedTo({ champions, challenger }: ReadPointers): readonly ModelPointer[] {
  return challenger === undefined ? champions : [...champions, challenger]
}

export type Role = 'champion' | 'challenger' | 'earlier champion'

/** What the installation does with a model. */
export function rolesOf({ champions, challenger }: ReadPointers, digest: string): readonly Role[] {
  const place = champions.findIndex((pointer) => pointer.digest === digest)
  const roles: Role[] = place === 0 ? ['champion'] : place > 0 ? ['earlier champion'] : []
  return challenger?.digest === digest ? [...roles, 'challenger'] : roles
}
