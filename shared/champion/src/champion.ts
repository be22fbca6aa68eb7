import {
  asError,
  explainError,
  type Logger,
  type ModelPointer,
  type ModelStore,
  pointTo,
  type ReadPointers,
  type Stoppable,
} from '@holdfast/platform'
import type { Backend } from '@holdfast/scorer'
import { type OpenModel, openFromFolder, openStored } from './open-model.ts'
import type { ModelSettings } from './settings.ts'

export type ModelRole = 'champion' | 'challenger'

export interface ChampionOptions {
  readonly store: ModelStore
  readonly backend: Backend
  readonly config: ModelSettings
  readonly log: Logger
  /** Whether the folder's model is promoted where an installation has none yet; else it is only used. */
  readonly seeds: boolean
  /** Told of the first champion and of each that takes its place. Neither model is in use any more when this returns. */
  onChampion?(model: OpenModel, before: OpenModel | undefined): void
  /** Told when a model that is pointed to cannot be used, and when that ends. */
  onRefused?(role: ModelRole, refused: boolean): void
}

/** Models as this process has them at the moment. */
export interface Champion extends Stoppable {
  readonly inUse: OpenModel
  readonly challenger: OpenModel | undefined
  /** For /readyz: what is in use, and why what is pointed to is not. */
  detail(): ModelDetail
}

export interface ModelDetail {
  readonly version: string
  readonly digest: string
  readonly challenger: string | null
  /** By role, why the model that is pointed to cannot be used. */
  readonly refused: Readonly<Partial<Record<ModelRole, string>>>
}

const LOOK_EVERY_MS = 1_000
/** A model that could not be used is tried again after so long: somebody may have mended its bytes. */
const TRY_AGAIN_MS = 5_000

/**
 * The champion of the installation, followed while it changes: Redis points to it, and holds its bytes. One that cannot be used
 * never takes the place of one that can.
 *
 * At start-up: what Redis points to; else, the folder's own copy of it, the champions before it, and the newest of the folder
 * that can be used. Where Redis points to nothing the folder's becomes the champion, by whoever is first.
 * @throws HoldfastError NO_MODEL, MODEL_UNUSABLE where nothing at all can be used
 */
export async function openChampion(options: ChampionOptions): Promise<Champion> {
  const keeper = new ChampionKeeper(options)
  await keeper.start()
  return keeper
}

class ChampionKeeper implements Champion {
  private champion: OpenModel | undefined
  private rival: OpenModel | undefined
  private readonly refused = new Map<ModelRole, { readonly what: string; readonly why: string; readonly at: number }>()
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> | undefined

  constructor(private readonly options: ChampionOptions) {}

  get inUse(): OpenModel {
    if (this.champion === undefined) throw new Error('the champion is asked for before it is open')
    return this.champion
  }

  get challenger(): OpenModel | undefined {
    return this.rival
  }

  detail(): ModelDetail {
    const { manifest, digest } = this.inUse
    const refused = Object.fromEntries([...this.refused].map(([role, { why }]) => [role, why]))
    return { version: manifest.version, digest, challenger: this.rival?.manifest.version ?? null, refused }
  }

  async start(): Promise<void> {
    const pointers = await this.pointers()
    if (pointers !== undefined) await this.follow(pointers)
    if (this.champion === undefined) this.take(await this.fallBack(pointers))
    if (pointers?.champions.length === 0) await this.seed(pointers)
    this.timer = setInterval(() => {
      this.looking ??= this.look().finally(() => {
        this.looking = undefined
      })
    }, LOOK_EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    // A look may wait for a Redis that is away; what it would still open is nobody's.
    this.champion?.scorer.dispose()
    this.rival?.scorer.dispose()
  }

  private async look(): Promise<void> {
    const pointers = await this.pointers()
    if (pointers === undefined) return
    // Redis was emptied: what is in use is as good as it was.
    if (pointers.champions.length === 0) await this.seed(pointers)
    else await this.follow(pointers)
  }

  private async pointers(): Promise<ReadPointers | undefined> {
    try {
      return await this.options.store.pointers()
    } catch (thrown) {
      this.refuse('champion', 'pointers', asError(thrown))
      return undefined
    }
  }

  private async follow({ champions: [champion], challenger }: ReadPointers): Promise<void> {
    const opened = await this.opened('champion', champion, this.champion)
    if (opened !== undefined) this.take(opened)
    const rival = await this.opened('challenger', challenger, this.rival)
    if (rival === undefined && challenger?.digest === this.rival?.digest) return
    // Where the challenger cannot be used, none is compared: figures of another would mislead.
    this.rival?.scorer.dispose()
    this.rival = rival
    if (rival !== undefined) this.options.log.info({ model: rival.manifest.version }, 'a challenger scores in shadow')
  }

  /** The model that is pointed to, where it is another than the present one and can be used. */
  private async opened(
    role: ModelRole,
    pointer: ModelPointer | undefined,
    present: OpenModel | undefined,
  ): Promise<OpenModel | undefined> {
    if (pointer === undefined || pointer.digest === present?.digest) {
      this.pardon(role)
      return undefined
    }
    const last = this.refused.get(role)
    if (last?.what === pointer.digest && performance.now() - last.at < TRY_AGAIN_MS) return undefined
    try {
      const opened = await openStored(this.options.backend, await this.options.store.read(pointer))
      this.pardon(role)
      return opened
    } catch (thrown) {
      this.refuse(role, pointer.digest, asError(thrown))
      return undefined
    }
  }

  private take(model: OpenModel): void {
    const before = this.champion
    this.champion = model
    const { version, learnedFrom } = model.manifest
    if (before === undefined) this.options.log.info({ model: version, learnedFrom }, 'the model that scores')
    else
      this.options.log.info(
        { model: version, learnedFrom, before: before.manifest.version },
        'another model scores now',
      )
    this.options.onChampion?.(model, before)
    // Scoring is one call, never interrupted by this: nobody is in the middle of it.
    before?.scorer.dispose()
  }

  /** What is used at start-up in place of a champion that cannot be. */
  private async fallBack(pointers: ReadPointers | undefined): Promise<OpenModel> {
    const { backend, config, store, log } = this.options
    const [champion, ...earlier] = pointers?.champions ?? []
    const passedOver = (version: string, why: Error) =>
      log.error({ model: version, err: why }, 'a model cannot be used and is passed over')
    if (champion !== undefined) {
      const same = await openFromFolder(backend, { ...config, MODEL_VERSION: champion.version }, () => {}).catch(
        () => undefined,
      )
      if (same?.digest === champion.digest) return same
      same?.scorer.dispose()
    }
    for (const pointer of earlier) {
      try {
        return await openStored(backend, await store.read(pointer))
      } catch (thrown) {
        passedOver(pointer.version, asError(thrown))
      }
    }
    // What is named for the beginning must be there; later it is one among others.
    const named = champion === undefined && pointers !== undefined ? config : { ...config, MODEL_VERSION: '' }
    return openFromFolder(backend, named, passedOver)
  }

  /** Whoever is first says what an installation begins with; the others see it at their next look. */
  private async seed(pointers: ReadPointers): Promise<void> {
    const { seeds, store, log } = this.options
    if (!seeds) return
    const { manifest, stored, digest } = this.inUse
    const first = pointTo(manifest.version, stored, Date.now())
    try {
      const isFirst = await store.turn(pointers, { champions: [first] }, new Map([[digest, stored]]))
      if (isFirst) log.info({ model: manifest.version }, 'the installation had no champion: this one is promoted')
      else await this.follow(await store.pointers())
    } catch (thrown) {
      this.refuse('champion', 'seed', asError(thrown))
    }
  }

  private refuse(role: ModelRole, what: string, error: Error): void {
    const last = this.refused.get(role)
    this.refused.set(role, { what, why: error.message, at: performance.now() })
    if (last?.what === what && last.why === error.message) return
    this.options.onRefused?.(role, true)
    this.options.log.error(
      { role, inUse: this.champion?.manifest.version, why: explainError(error) },
      role === 'champion'
        ? 'the champion that is pointed to cannot be used: the last good one stays'
        : 'the challenger cannot be used: none scores in shadow',
    )
  }

  private pardon(role: ModelRole): void {
    if (this.refused.delete(role)) this.options.onRefused?.(role, false)
  }
}
