import type { connectAdmin, createKafka, Logger } from '@holdfast/platform'
import type { Backend } from '@holdfast/scorer'
import type { Config } from '../config.ts'

/** What the arithmetic needs beside its order. */
export interface Tools {
  readonly config: Config
  readonly log: Logger
  readonly kafka: ReturnType<typeof createKafka>
  readonly admin: Awaited<ReturnType<typeof connectAdmin>>['admin']
  readonly backend: Backend
}
