import type { DriftRecord, LastWatch, OutcomeRecord, VersionOutcomes } from '@holdfast/contracts'
import { FEATURES, featureVector } from '@holdfast/core'
import {
  type Clock,
  HoldfastError,
  type LogBounds,
  type Logger,
  modelStore,
  type RedisClient,
  type WatchStore,
  watchStore,
} from '@holdfast/platform'
import type { Backend } from '@holdfast/scorer'
import { measureDrift } from '../drift/measure-drift.ts'
import { iso } from '../registry/manifest.ts'
import { openWatched, type WatchedChampion } from './champion.ts'
import { type Cohort, cohortName, dayOf, earliestMaturity, packCohort } from './cohort.ts'
import { type History, historyOf } from './history.ts'
import { outcomesByVersion } from './judge-cohort.ts'
import { judgeMatured } from './judge-matured.ts'
import { recordsBehind } from './reach.ts'
import { type Sample, type SampledCustomer, sampleBuyers } from './sample.ts'

export interface WatchLimits {
  /** Customers by which drift is measured, over all shards. */
  readonly driftCustomers: number
  /** Customers of one cohort. */
  readonly cohortCustomers: number
  /** How long the states may take to reach where the log ended when the watch began, ms. */
  readonly catchUpMs: number
}

export const WATCH_LIMITS: WatchLimits = { driftCustomers: 10_000, cohortCustomers: 2_000, catchUpMs: 10_000 }

export interface WatchOptions {
  readonly client: RedisClient
  /** KEY_PREFIX of the installation. */
  readonly prefix: string
  /** The installation's. */
  readonly clock: Pick<Clock, 'now'>
  readonly backend: Backend
  /** Where the input topics end now: `() => logBounds(admin, inputs)`. */
  readonly logEnds: () => Promise<readonly LogBounds[]>
  readonly log: Logger
  readonly limits?: Partial<WatchLimits>
}

/** What one watch found. */
export interface Watched {
  readonly last: LastWatch
  /** What is known of drift after this watch, be it of an earlier one; of the present champion only. */
  readonly drift: DriftRecord | undefined
  /** Of the customers by whom this watch has measured drift. */
  readonly history: History | undefined
  /** Cohorts judged by this watch. */
  readonly judged: readonly OutcomeRecord[]
  /** The cohort that this watch has recorded. */
  readonly recorded: { readonly cohort: string; readonly customers: number } | undefined
  /** All judged cohorts that are kept, newest first; and the same by model. */
  readonly outcomes: readonly OutcomeRecord[]
  readonly versions: readonly VersionOutcomes[]
}

/** What a watch has to say of itself before it looks at what is stored. */
interface Course extends Pick<LastWatch, 'outcome' | 'says' | 'corrupt' | 'expired'> {
  readonly drift?: DriftRecord
  readonly history?: History
  readonly judged?: readonly OutcomeRecord[]
  readonly recorded?: Watched['recorded']
}

/**
 * Looks at how the champion does: drift of the customers, a cohort of predictions once a day, and cohorts whose horizon has
 * passed. What it finds is in Redis afterwards. Two at once do no harm. Nothing that is merely not there yet is an error.
 *
 * While the states are behind the log nothing is measured or judged: customers would seem silent who have bought.
 * @throws what Redis and Kafka throw while they are away
 */
export async function watchModel(options: WatchOptions): Promise<Watched> {
  const { client, prefix, clock, log } = options
  const store = watchStore(client, prefix)
  const limits = { ...WATCH_LIMITS, ...options.limits }
  // The instant first: what had happened by then is in the log by now.
  const since = clock.now()
  const ends = await options.logEnds()
  const behind = await recordsBehind({ client, prefix, ends, withinMs: limits.catchUpMs })
  if (behind > 0) {
    const says = `the states are ${behind} records behind the log, so nobody can tell who is silent: see "npx holdfast status".`
    log.warn({ behind }, 'the champion is not measured: the states are behind the log')
    return conclude(options, store, { outcome: 'behind', says, corrupt: [], expired: [] })
  }
  const partitions = Math.max(0, ...ends.map(({ partition }) => partition + 1))
  const { outcomes: judged, ...passedOver } = await judgeMatured({ ...options, partitions, store, now: since })
  return conclude(options, store, {
    judged,
    ...passedOver,
    ...(await measure(options, limits, partitions, store)),
  })
}

/** Drift, and the day's cohort. */
async function measure(
  options: WatchOptions,
  limits: WatchLimits,
  partitions: number,
  store: WatchStore,
): Promise<Pick<Course, 'outcome' | 'says' | 'drift' | 'history' | 'recorded'>> {
  const { client, prefix, clock, backend, log } = options
  const opened = await openWatched({ store: modelStore(client, prefix), backend, log })
  if (opened.kind !== 'open') {
    log.warn({ why: opened.says }, 'the champion is not measured')
    return { outcome: opened.kind, says: opened.says }
  }
  const { champion } = opened
  try {
    const limit = Math.max(limits.driftCustomers, limits.cohortCustomers)
    const sample = await sampleBuyers({ client, prefix, partitions, limit })
    const { unreadable } = sample
    if (unreadable.length > 0) {
      log.error({ customers: unreadable.slice(0, 10), count: unreadable.length }, 'states of customers cannot be read')
    }
    // After the reading: nothing that they know lies ahead of this instant.
    const at = clock.now()
    if (sample.customers.length === 0) return { outcome: 'no_customers', says: 'nobody has bought yet.' }
    const drift = driftOf(champion, sample, limits.driftCustomers, at)
    const states = sample.customers.map(({ state }) => state)
    const history = historyOf(states, champion.training, champion.manifest.horizonDays, at)
    const recorded = await recordDay(store, champion, sample.customers.slice(0, limits.cohortCustomers), at)
    return { outcome: 'measured', says: null, drift, history, ...(recorded && { recorded }) }
  } finally {
    champion.scorer.dispose()
  }
}

/** Fewer customers fill ten bins too poorly for an index to mean anything. */
const FEWEST_FOR_DRIFT = 100
/** Without drift, n times the index over ten bins is distributed as chi-squared of nine degrees: what that exceeds once in 10,000. */
const CHANCE = 33.72

function driftOf(
  { training, riskModel, pointer }: WatchedChampion,
  { customers, unreadable }: Sample,
  most: number,
  at: number,
): DriftRecord {
  const { version, digest } = pointer
  const states = customers.slice(0, most).map(({ state }) => state)
  const problem =
    training === undefined
      ? `unknown: model ${version} does not say how its training rows were spread; retrain to get it (npx holdfast train), or promote it again from its folder.`
      : states.length < FEWEST_FOR_DRIFT
        ? `unknown: ${states.length} customers who have bought are too few to tell; it takes ${FEWEST_FOR_DRIFT}.`
        : null
  const drift = training && problem === null ? measureDrift(training, riskModel, states, at) : undefined
  return {
    asOf: iso(at),
    model: { version, digest },
    customers: states.length,
    unreadable: unreadable.length,
    score: drift?.score ?? null,
    features: [...(drift?.features ?? [])],
    chance: drift ? CHANCE / drift.customers : null,
    problem,
  }
}

/** Takes down what the model says of some customers, unless that was done today. */
async function recordDay(
  store: WatchStore,
  { pointer, manifest, scorer }: WatchedChampion,
  customers: readonly SampledCustomer[],
  at: number,
): Promise<Watched['recorded']> {
  const day = dayOf(at)
  if ((await store.cohorts()).some((name) => name.startsWith(day))) return undefined
  const rows = new Float32Array(customers.length * FEATURES.length)
  for (const [i, { state }] of customers.entries()) rows.set(featureVector(state, at), i * FEATURES.length)
  const cohort: Cohort = {
    model: { version: pointer.version, digest: pointer.digest },
    horizonDays: manifest.horizonDays,
    at,
    ids: customers.map(({ id }) => id),
    probabilities: scorer.score(rows, customers.length),
  }
  const name = cohortName(cohort)
  const isFirst = await store.addCohort(name, packCohort(cohort))
  return isFirst ? { cohort: name, customers: customers.length } : undefined
}

/** Stores what was found, and adds to it what was known before. */
async function conclude(
  { client, prefix, clock, log }: WatchOptions,
  store: WatchStore,
  course: Course,
): Promise<Watched> {
  const { outcome, says, drift, history, judged = [], recorded, corrupt, expired } = course
  const { records: outcomes, corrupt: brokenOutcomes } = await store.outcomes()
  if (brokenOutcomes.length > 0)
    log.error({ cohorts: brokenOutcomes }, 'outcomes of cohorts cannot be read: they are left out')
  const versions = outcomesByVersion(outcomes)
  const open = (await store.cohorts()).filter((name) => !corrupt.includes(name))
  const next = open.map(earliestMaturity).filter((at) => at !== undefined)
  const last: LastWatch = {
    asOf: iso(clock.now()),
    outcome,
    says,
    open: open.length,
    nextMaturesAt: next.length === 0 ? null : iso(Math.min(...next)),
    corrupt: [...new Set([...corrupt, ...brokenOutcomes])],
    expired,
  }
  await store.write({ last, drift, versions })
  const known = drift ?? (await driftOfPresent(client, prefix, store))
  return { last, drift: known, history, judged, recorded, outcomes, versions: [...versions] }
}

/** Drift as an earlier watch measured it, where it is of the present champion. */
async function driftOfPresent(
  client: RedisClient,
  prefix: string,
  store: WatchStore,
): Promise<DriftRecord | undefined> {
  try {
    const [champion] = (await modelStore(client, prefix).pointers()).champions
    const drift = await store.drift()
    return drift?.model.digest === champion?.digest ? drift : undefined
  } catch (thrown) {
    // Damaged: this watch has said so already, or the next one writes it anew.
    if (thrown instanceof HoldfastError) return undefined
    throw thrown
  }
}
