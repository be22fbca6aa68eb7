import {
  type DriftRecord,
  driftSchema,
  installationKeys,
  type LastWatch,
  lastWatchSchema,
  type OutcomeRecord,
  outcomeSchema,
  type VersionOutcomes,
  versionOutcomesSchema,
} from '@holdfast/contracts'
import { z } from 'zod'
import { asError, HoldfastError } from '../errors.ts'
import type { RedisClient } from '../redis/connect.ts'

/** Judged cohorts as they are kept. */
export interface KeptOutcomes {
  /** Newest first. */
  readonly records: readonly OutcomeRecord[]
  /** Cohorts whose outcome cannot be read. */
  readonly corrupt: readonly string[]
}

/** What a watch leaves behind. */
export interface Found {
  readonly last: LastWatch
  readonly drift?: DriftRecord | undefined
  readonly versions?: readonly VersionOutcomes[]
}

/** What is known of how the champion does, in Redis: for whoever watches, and for whoever asks. */
export interface WatchStore {
  /** @throws HoldfastError WATCH_BROKEN, until the next watch writes it anew */
  last(): Promise<LastWatch | undefined>
  /** Of the model that it names, which need not be the champion any more. @throws HoldfastError WATCH_BROKEN, as `last` */
  drift(): Promise<DriftRecord | undefined>
  outcomes(): Promise<KeptOutcomes>
  /** The same, the cohorts of each model together. @throws HoldfastError WATCH_BROKEN, as `last` */
  versions(): Promise<readonly VersionOutcomes[]>
  /** What is undefined stays as it is. */
  write(found: Found): Promise<void>
  /** Keeps how a cohort was judged, the first time; the oldest beyond so many are forgotten. */
  keepOutcome(record: OutcomeRecord, most: number): Promise<void>
  /** Names of the cohorts that are to be judged. */
  cohorts(): Promise<readonly string[]>
  cohort(name: string): Promise<Buffer | null>
  /** False, and nothing stored, where there is one of that name. */
  addCohort(name: string, packed: Buffer): Promise<boolean>
  dropCohort(name: string): Promise<void>
}

const LAST = 'last'
const DRIFT = 'drift'
const VERSIONS = 'versions'
const OUTCOME = 'outcome:'

const versionsSchema = z.array(versionOutcomesSchema)

export function watchStore(client: RedisClient, prefix: string): WatchStore {
  const { watch, cohorts } = installationKeys(prefix)
  const outcomeFields = async () => (await client.hkeys(watch)).filter((field) => field.startsWith(OUTCOME)).sort()
  const read = async <S extends z.ZodType>(field: string, schema: S) => {
    const text = await client.hget(watch, field)
    if (text === null) return undefined
    try {
      return schema.parse(JSON.parse(text))
    } catch (thrown) {
      throw broken(watch, field, asError(thrown))
    }
  }
  return {
    last: () => read(LAST, lastWatchSchema),
    drift: () => read(DRIFT, driftSchema),
    async outcomes() {
      const fields = await outcomeFields()
      if (fields.length === 0) return { records: [], corrupt: [] }
      const texts = await client.hmget(watch, ...fields)
      const records: OutcomeRecord[] = []
      const corrupt: string[] = []
      for (const [i, field] of fields.entries()) {
        const record = parsed(texts[i] ?? '')
        if (record === undefined) corrupt.push(field.slice(OUTCOME.length))
        else records.push(record)
      }
      return { records: records.sort((a, b) => b.predictedAt.localeCompare(a.predictedAt)), corrupt }
    },
    versions: async () => (await read(VERSIONS, versionsSchema)) ?? [],
    async write({ last, drift, versions }) {
      const fields = { [LAST]: last, [DRIFT]: drift, [VERSIONS]: versions }
      const found = Object.entries(fields).filter(([, value]) => value !== undefined)
      await client.hset(watch, Object.fromEntries(found.map(([field, value]) => [field, JSON.stringify(value)])))
    },
    async keepOutcome(record, most) {
      await client.hsetnx(watch, `${OUTCOME}${record.cohort}`, JSON.stringify(record))
      // Named by day, so the order of names is the order of time.
      const surplus = (await outcomeFields()).slice(0, -most)
      if (surplus.length > 0) await client.hdel(watch, ...surplus)
    },
    cohorts: async () => (await client.hkeys(cohorts)).sort(),
    cohort: (name) => client.hgetBuffer(cohorts, name),
    addCohort: async (name, packed) => (await client.hsetnx(cohorts, name, packed)) === 1,
    async dropCohort(name) {
      await client.hdel(cohorts, name)
    },
  }
}

function parsed(text: string): OutcomeRecord | undefined {
  try {
    return outcomeSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function broken(key: string, field: string, cause: Error): HoldfastError {
  return new HoldfastError({
    code: 'WATCH_BROKEN',
    message: `the field "${field}" of ${key} is not what a watch of the model writes there`,
    cause,
    cure: 'the next watch writes it anew: npx holdfast models drift --now.',
    canRetry: true,
  })
}
