import { installationKeys } from '@holdfast/contracts'
import { z } from 'zod'
import { HoldfastError } from '../errors.ts'
import type { RedisClient } from '../redis/connect.ts'
import { defineScript } from '../redis/script.ts'
import { digestOf, packModel, type StoredModel, unpackModel } from './stored-model.ts'

const pointerSchema = z.object({
  /** The manifest's own name, such as `v2`. */
  version: z.string(),
  /** Of the stored bytes: what the name alone would leave open. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** When it was promoted, wall clock, RFC 3339. */
  at: z.string(),
  /** Checks of promotion that were skipped. */
  forced: z.boolean().optional(),
})
const pointersSchema = z.object({
  /** Newest first: the first is the champion, the second what a rollback returns to. */
  champions: z.array(pointerSchema),
  challenger: pointerSchema.optional(),
})

/** A model in use, or once in use. */
export type ModelPointer = z.output<typeof pointerSchema>

/** Which models an installation uses; no champions where nothing was promoted yet. */
export type ModelPointers = z.output<typeof pointersSchema>

/** Pointers as they were read; a change builds on them. */
export interface ReadPointers extends ModelPointers {
  /** What stands in Redis; empty where nothing does. */
  readonly text: string
}

/** How many champions are remembered, the present one included. */
const MOST_CHAMPIONS = 10
const POINTERS = 'pointers'
const model = (digest: string) => `model:${digest}`
const training = (digest: string) => `training:${digest}`

/**
 * Turns the pointers and writes the models that they newly need, if nobody turned them meanwhile; models that nothing points to
 * any more are forgotten. One write, so no pointer is ever without its bytes.
 *
 * ARGV: 1 pointers that the change builds on, 2 the new ones, 3 how many pairs of field and model follow, then these pairs,
 *   then fields to keep
 * Output: 1 when turned, 0 when other pointers stand there
 */
const turnScript = defineScript({
  name: 'turn-models-1',
  keys: ['models'],
  lua: `
local found = redis.call('HGET', key_models, 'pointers') or ''
-- Sent again when the answer was lost, it has happened already.
if found ~= ARGV[1] and found ~= ARGV[2] then return 0 end
local pairsEnd = 3 + 2 * tonumber(ARGV[3])
local keep = {pointers = true}
for i = pairsEnd + 1, #ARGV do keep[ARGV[i]] = true end
for i = 4, pairsEnd, 2 do redis.call('HSET', key_models, ARGV[i], ARGV[i + 1]) end
redis.call('HSET', key_models, 'pointers', ARGV[2])
for _, field in ipairs(redis.call('HKEYS', key_models)) do
  if not keep[field] then redis.call('HDEL', key_models, field) end
end
return 1
`,
  reply: (raw) => raw === 1,
})

/** The models of an installation in Redis: what every service uses, wherever it runs. */
export interface ModelStore {
  /** @throws HoldfastError MODEL_POINTERS_BROKEN */
  pointers(): Promise<ReadPointers>
  /** With how its training rows were spread, where that was stored. @throws HoldfastError STORED_MODEL_MISSING, STORED_MODEL_CORRUPT */
  read(pointer: ModelPointer): Promise<StoredModel>
  /** How the training rows of a model were spread, as it was stored; undefined where nobody knew. */
  training(pointer: Pick<ModelPointer, 'digest'>): Promise<string | undefined>
  /**
   * Turns the pointers. False, and nothing written, where others turned them since they were read.
   * @param models by digest, those that may not be stored yet; written anew where they are, which mends damaged ones
   */
  turn(from: ReadPointers, to: ModelPointers, models: ReadonlyMap<string, StoredModel>): Promise<boolean>
}

export function modelStore(client: RedisClient, prefix: string): ModelStore {
  const { models: key } = installationKeys(prefix)
  return {
    async pointers() {
      const text = (await client.hget(key, POINTERS)) ?? ''
      return { ...parsePointers(text, key), text }
    },
    async read({ version, digest }) {
      const [packed, spread] = await client.hmget(key, model(digest), training(digest))
      if (packed === null || packed === undefined) {
        throw new HoldfastError({
          code: 'STORED_MODEL_MISSING',
          message: `model ${version} is pointed to, but Redis holds no bytes of it (${key})`,
          cure: 'promote it again from its folder ("npx holdfast models promote"), or go back: "npx holdfast models rollback".',
        })
      }
      const stored = unpackModel(packed, digest, `model ${version}`)
      return spread === null || spread === undefined ? stored : { ...stored, training: spread }
    },
    training: async ({ digest }) => (await client.hget(key, training(digest))) ?? undefined,
    async turn(from, to, models) {
      const champions = to.champions.slice(0, MOST_CHAMPIONS)
      const next: ModelPointers = { champions, ...(to.challenger && { challenger: to.challenger }) }
      const written = [...models].flatMap(([digest, stored]) => [
        ...[model(digest), packModel(stored)],
        ...(stored.training === undefined ? [] : [training(digest), stored.training]),
      ])
      const pointedTo = [...champions, ...(to.challenger ? [to.challenger] : [])]
      const kept = pointedTo.flatMap(({ digest }) => [model(digest), training(digest)])
      return turnScript.run(client, { models: key }, [
        from.text,
        JSON.stringify(next),
        written.length / 2,
        ...written,
        ...kept,
      ])
    },
  }
}

/** A model under the name of its bytes. */
export function pointTo(version: string, stored: StoredModel, at: number): ModelPointer {
  return { version, digest: digestOf(packModel(stored)), at: new Date(at).toISOString() }
}

/** The pointers with another champion before all others, and out of the challenger's place. */
export function withChampion({ champions, challenger }: ModelPointers, champion: ModelPointer): ModelPointers {
  return {
    champions: [champion, ...champions],
    ...(challenger && challenger.digest !== champion.digest && { challenger }),
  }
}

function parsePointers(text: string, key: string): ModelPointers {
  if (text === '') return { champions: [] }
  try {
    return pointersSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new HoldfastError({
      code: 'MODEL_POINTERS_BROKEN',
      message: `the field "${POINTERS}" of ${key} is not what was written there`,
      cause,
      cure: `restore Redis, or remove the field (HDEL ${key} ${POINTERS}) and promote a model: npx holdfast models promote.`,
    })
  }
}
