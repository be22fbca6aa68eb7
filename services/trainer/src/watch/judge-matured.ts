import type { OutcomeRecord } from '@holdfast/contracts'
import { explainError, type Logger, type RedisClient, readSteadily, shardOf, type WatchStore } from '@holdfast/platform'
import { DAY_MS } from '../settings.ts'
import { type Cohort, earliestMaturity, unpackCohort } from './cohort.ts'
import { type Found, judgeCohort } from './judge-cohort.ts'
import { decoded } from './sample.ts'

export interface JudgeRequest {
  readonly client: RedisClient
  readonly prefix: string
  readonly partitions: number
  readonly store: WatchStore
  /** The states reflect all that the log held at this instant, ms. */
  readonly now: number
  readonly log: Logger
}

export interface Judged {
  readonly outcomes: readonly OutcomeRecord[]
  /** Names of those that cannot be read, and of those of them that were forgotten. */
  readonly corrupt: string[]
  readonly expired: string[]
}

/** How many judged cohorts are kept: about half a year of days. */
const MOST_OUTCOMES = 180
/** A cohort that cannot be read is kept for so long after its horizon, for whoever wants to find out why, ms. */
const KEPT_CORRUPT_MS = 30 * DAY_MS

/** Judges every cohort whose horizon has passed. One that cannot be read is named, and keeps no other from being judged. */
export async function judgeMatured(request: JudgeRequest): Promise<Judged> {
  const { store, now, log } = request
  const outcomes: OutcomeRecord[] = []
  const corrupt: string[] = []
  const expired: string[] = []
  for (const name of await store.cohorts()) {
    const earliest = earliestMaturity(name)
    if (earliest !== undefined && earliest > now) continue
    const packed = await store.cohort(name)
    // Somebody else was quicker.
    if (packed === null) continue
    let cohort: Cohort
    try {
      if (earliest === undefined) throw new Error('its name is not a day and a horizon, such as 2026-11-22+90d')
      cohort = unpackCohort(packed)
    } catch (thrown) {
      const isOver = earliest !== undefined && earliest + KEPT_CORRUPT_MS < now
      log.error(
        { cohort: name, why: explainError(thrown).split('\n')[0] },
        isOver
          ? 'a stored cohort of predictions cannot be read, and its time is over: it is forgotten unjudged'
          : 'a stored cohort of predictions cannot be read: it is passed over, and the others are judged',
      )
      if (isOver) {
        await store.dropCohort(name)
        expired.push(name)
      } else corrupt.push(name)
      continue
    }
    if (cohort.at + cohort.horizonDays * DAY_MS > now) continue
    const outcome = judgeCohort(cohort, await statesOf(cohort.ids, request), now)
    // Kept before it is dropped: whoever is interrupted here judges it again, and the first judgement stands.
    await store.keepOutcome({ ...outcome, cohort: name }, MOST_OUTCOMES)
    await store.dropCohort(name)
    outcomes.push({ ...outcome, cohort: name })
    const { customers, churned, unknown, auc } = outcome
    log.info({ cohort: name, model: cohort.model.version, customers, churned, unknown, auc }, 'a cohort was judged')
  }
  return { outcomes, corrupt, expired }
}

/** In the order of `ids`; one request a shard. */
async function statesOf(
  ids: readonly string[],
  { client, prefix, partitions }: Pick<JudgeRequest, 'client' | 'prefix' | 'partitions'>,
): Promise<Found[]> {
  const found = new Array<Found>(ids.length)
  const places = Array.from({ length: partitions }, (): number[] => [])
  for (const [i, id] of ids.entries()) places[shardOf(id, partitions)]!.push(i)
  for (const [partition, here] of places.entries()) {
    if (here.length === 0) continue
    const states = await readSteadily({ client, prefix, partition }, (shard) => shard.states(here.map((i) => ids[i]!)))
    for (const [k, i] of here.entries()) {
      const bytes = states[k]
      found[i] = bytes ? decoded(bytes) : undefined
    }
  }
  return found
}
