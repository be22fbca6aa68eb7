import {
  type ModelStore,
  pointTo,
  type ReadPointers,
  type StoredModel,
  unpackModel,
  withChampion,
} from '@holdfast/platform'
import type { Proposal } from './outcome.ts'

/**
 * Makes a retrained model the champion, unless somebody turned the pointers since they were read: it was held against another.
 * @returns why it is not the champion; undefined where it is
 */
export async function promoteRetrained(
  models: ModelStore,
  pointers: ReadPointers,
  { version, digest, packed, training }: Omit<Proposal, 'at'>,
): Promise<string | undefined> {
  const stored: StoredModel = {
    ...unpackModel(packed, digest, `model ${version}`),
    ...(training !== undefined && { training }),
  }
  const to = withChampion(pointers, pointTo(version, stored, Date.now()))
  const isTurned = await models.turn(pointers, to, new Map([[digest, stored]]))
  return isTurned ? undefined : 'somebody promoted or rolled back a model while it was trained'
}
