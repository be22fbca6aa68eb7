import { explainError, type RedisClient, type StoredModel, unpackModel } from '@holdfast/platform'
import type { Outcome, RetrainingRecord } from '@holdfast/trainer'
import { note } from '../output/text.ts'
import type { Registry } from './registry.ts'

async function storeOf(client: RedisClient, prefix: string) {
  const { retrainingStore } = await import('@holdfast/trainer')
  return retrainingStore(client, prefix)
}

/** What the trainer's retrainings came to; one that cannot be read is no reason not to tell the rest, and said so. */
export async function readRetraining({ on }: Registry): Promise<RetrainingRecord> {
  try {
    return await (await storeOf(await on.redis(), on.config.KEY_PREFIX)).read()
  } catch (thrown) {
    note(`what retraining came to cannot be read: ${explainError(thrown)}`)
    return { outcomes: [] }
  }
}

/** For a script: the open proposal without the model's bytes, and the newest outcome. */
export function openWithout({ outcomes, open }: RetrainingRecord): {
  open: { version: string; digest: string; at: string } | null
  newest: Outcome | null
} {
  const { version, digest, at } = open ?? {}
  const named = version === undefined || digest === undefined || at === undefined ? null : { version, digest, at }
  return { open: named, newest: outcomes[0] ?? null }
}

/** The proposed model by its version: the machine that trained it may be another one. */
export async function openProposal(
  client: RedisClient,
  prefix: string,
  version: string,
): Promise<StoredModel | undefined> {
  const { open } = await (await storeOf(client, prefix)).read()
  if (open?.version !== version) return undefined
  const stored = unpackModel(open.packed, open.digest, `the proposed model ${version}`)
  return open.training === undefined ? stored : { ...stored, training: open.training }
}

/** A proposal whose model was promoted is none any more. The promotion stands, whatever becomes of this. */
export async function closeProposal({ on }: Registry, digest: string): Promise<void> {
  try {
    await (await storeOf(await on.redis(), on.config.KEY_PREFIX)).close(digest)
  } catch (thrown) {
    note(`the proposal of the model is still open: ${explainError(thrown)}`)
  }
}
