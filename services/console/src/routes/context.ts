import type { ViewContext } from '@holdfast/contracts'
import type { Clock, HttpApp, RedisClient } from '@holdfast/platform'
import type { AnswerEvent } from '../actions/answer-event.ts'
import type { AnswerMemory } from '../actions/answer-memory.ts'
import type { ChangeStreams } from '../changes/streams.ts'
import type { Models } from '../figures/models.ts'
import type { Pipeline } from '../figures/pipeline.ts'
import type { Shards } from '../shards.ts'

/** What the routes work with. */
export interface Context {
  readonly app: HttpApp
  readonly clock: Clock
  readonly client: RedisClient
  readonly shards: Shards
  /** How states are read: model, policy, currency. */
  readonly view: ViewContext
  /** Resolves when all replicas in sync have it. */
  readonly send: (event: AnswerEvent) => Promise<void>
  readonly memory: AnswerMemory
  readonly pipeline: Pipeline
  readonly models: Models
  readonly streams: ChangeStreams
}
