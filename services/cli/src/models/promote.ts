import type { OpenModel } from '@holdfast/champion'
import { explainError, HoldfastError, type ModelPointers, pointTo, withChampion } from '@holdfast/platform'
import type { GateReport } from '@holdfast/trainer'
import { note } from '../output/text.ts'
import type { Registry } from './registry.ts'

export interface GateOptions {
  readonly events: string[]
  readonly at?: string
  readonly population: string
  readonly eceLimit?: number
}

/** Holds a candidate against another model on the newest customers of whom it is known what came. */
export async function judge(
  candidate: OpenModel,
  champion: OpenModel | undefined,
  { events, at, population, eceLimit }: GateOptions,
): Promise<GateReport> {
  const trainer = await import('@holdfast/trainer')
  const { withEvents } = await import('../import/open-events.ts')
  const { instantOf } = await import('../commands/score.ts')
  const instant = at === undefined ? undefined : instantOf(at, trainer.parseInstant)
  return withEvents(events, ({ source }) =>
    trainer.judgeCandidate({
      ...{ candidate, champion, source },
      population: trainer.parsePopulation(population),
      ...(instant !== undefined && { at: instant }),
      ...(eceLimit !== undefined && { limits: { ece: eceLimit } }),
    }),
  )
}

/** The champion as Redis holds it; one that cannot be used is nothing to be held against, and said so. */
export async function openChampionOf({ pointers, openPointer }: Registry): Promise<OpenModel | undefined> {
  const [pointer] = pointers.champions
  if (pointer === undefined) {
    note('no champion is stored yet: the candidate is held against nothing')
    return undefined
  }
  try {
    return await openPointer(pointer)
  } catch (thrown) {
    note(`NOT COMPARED: the champion ${pointer.version} cannot be used: ${explainError(thrown)}`)
    return undefined
  }
}

/** Puts a model before all others, and out of the challenger's place. */
export function asChampion(model: OpenModel, { pointers }: Registry, forced: boolean): ModelPointers {
  const first = { ...pointTo(model.manifest.version, model.stored, Date.now()), ...(forced && { forced }) }
  return withChampion(pointers, first)
}

/** @throws HoldfastError MODELS_MOVED */
export async function turn({ store, pointers }: Registry, to: ModelPointers, model?: OpenModel): Promise<void> {
  const models = new Map(model === undefined ? [] : [[model.digest, model.stored] as const])
  if (await store.turn(pointers, to, models)) return
  throw new HoldfastError({
    code: 'MODELS_MOVED',
    message: 'somebody else promoted or rolled back a model meanwhile; nothing was changed',
    cure: 'look at "npx holdfast models list", and run the command again if it still makes sense.',
  })
}
