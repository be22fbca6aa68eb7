import { answerKey } from '@holdfast/contracts'
import type { RedisConnection } from '@holdfast/platform'
import { z } from 'zod'
import { whileRedisAnswers } from '../shards.ts'

/** What was asked for under an idempotency key, and when: a repetition writes the very same event. */
const rememberedSchema = z.object({ fingerprint: z.string(), at: z.number() })
export type Remembered = z.output<typeof rememberedSchema>

export interface AnswerMemory {
  /** Remembers, unless something is remembered under this id already; resolves with what is. */
  remember(id: string, request: Remembered): Promise<Remembered>
  /** For what was refused after all: its key is free for what is said instead. */
  forget(id: string): Promise<void>
}

/** A day: longer than anybody retries. */
const KEPT_SECONDS = 86_400

/** Shared by all consoles of an installation; without personal content, so that an erasure leaves nothing here. */
export function createAnswerMemory(redis: RedisConnection, prefix: string): AnswerMemory {
  return {
    async remember(id, request) {
      const key = answerKey(prefix, id)
      return whileRedisAnswers(redis, async () => {
        const taken = await redis.client.set(key, JSON.stringify(request), 'EX', KEPT_SECONDS, 'NX')
        if (taken === 'OK') return request
        const text = await redis.client.get(key)
        // It expired in between: then this request is the first again.
        return text === null ? request : rememberedSchema.parse(JSON.parse(text))
      })
    },
    async forget(id) {
      await whileRedisAnswers(redis, () => redis.client.del(answerKey(prefix, id)))
    },
  }
}
