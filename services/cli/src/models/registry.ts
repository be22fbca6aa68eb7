import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { OpenModel } from '@holdfast/champion'
import type { ModelPointer, ModelStore, ReadPointers } from '@holdfast/platform'
import type { Backend } from '@holdfast/scorer'
import { modelsFolder } from '../config.ts'
import { usageError } from '../errors.ts'
import { type Installation, withInstallation } from '../installation.ts'
import { openProposal } from './read-retraining.ts'

/** The models of an installation: the folder of versions, and what Redis points to. */
export interface Registry {
  readonly on: Installation
  readonly folder: string
  readonly store: ModelStore
  readonly pointers: ReadPointers
  backend(): Promise<Backend>
  /** A version of the folder, a folder of its own (a path), or one that Redis still holds. @throws ScorerError, HoldfastError */
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
        const dir = name.includes('/') ? resolve(name) : join(folder, name)
        if (existsSync(dir)) {
          const model = await kept(openFolder(await backend(), dir))
          const { withTraining } = await import('@holdfast/trainer')
          // It goes to Redis with the model, where watching it needs it.
          return { ...model, stored: await withTraining(model.stored, dir) }
        }
        const pointer = pointedTo(pointers).find(({ version }) => version === name)
        if (pointer !== undefined) return openPointer(pointer)
        const proposed = await openProposal(await on.redis(), on.config.KEY_PREFIX, name)
        if (proposed !== undefined) return kept(openStored(await backend(), proposed))
        throw usageError(`there is no model ${JSON.stringify(name)}: neither ${dir} nor Redis has it ("models list")`)
      }
      try {
        return await work({ on, folder, store, pointers, backend, open, openPointer })
      } finally {
        for (const { scorer } of opened) scorer.dispose()
      }
    },
    { env },
  )
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
