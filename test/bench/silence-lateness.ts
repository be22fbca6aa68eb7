import { riskChangeSchema } from '@holdfast/contracts'
import { readLog } from '@holdfast/platform'
import type { Pipeline } from './pipeline-process.ts'
import type { Crossing } from './silence-forecast.ts'
import { percentile } from './table.ts'

/** Milliseconds of the wall clock. */
export interface Lateness {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface ChangeArrival {
  /** Wall clock, ms. */
  readonly arrivedAt: number
  /** Domain time, ms. */
  readonly evaluatedAt: number
}

/** Band changes since the clock started, by episode, in the order in which they came. */
export async function changesOf({ stage, topics }: Pipeline, since: number): Promise<Map<string, ChangeArrival[]>> {
  const changes = new Map<string, ChangeArrival[]>()
  await readLog({
    kafka: stage.kafka,
    admin: stage.admin,
    topics: [topics.riskChanges],
    onBatch(records) {
      for (const { value, timestamp } of records) {
        if (value === null || timestamp < since) continue
        const { id, time } = riskChangeSchema.parse(JSON.parse(value.toString()))
        const arrivals = changes.get(id) ?? []
        changes.set(id, arrivals)
        arrivals.push({ arrivedAt: timestamp, evaluatedAt: Date.parse(time) })
      }
    },
  })
  return changes
}

export interface Arrivals {
  readonly changes: ReadonlyMap<string, ChangeArrival[]>
  /** Wall clock, ms, by job id. */
  readonly jobs: ReadonlyMap<string, number>
}

/** A stay in a band that is over after so much of the wall clock, ms, may pass unseen: nobody could act on it. */
export const BRIEF_MS = 1_000

export interface Running {
  /** Where the clock stood, ms of domain time, and when it started, ms of the wall clock. */
  readonly from: number
  readonly startsAt: number
  /** Domain ms a wall ms. */
  readonly rate: number
}

export function compare(crossings: readonly Crossing[], arrivals: Arrivals, { from, startsAt, rate }: Running) {
  const wallAt = (at: number): number => startsAt + (at - from) / rate
  const late = { changes: [] as number[], looks: [] as number[], jobs: [] as number[] }
  const count = { expected: 0, missing: 0, brief: 0, briefMissing: 0, jobsExpected: 0, jobsMissing: 0 }
  for (const { at, until, episodeId, job } of crossings) {
    const isBrief = until - at < BRIEF_MS * rate
    const arrival = arrivals.changes.get(episodeId)?.shift()
    if (isBrief) {
      count.brief++
      if (arrival === undefined) count.briefMissing++
      continue
    }
    count.expected++
    if (arrival === undefined) count.missing++
    else {
      late.changes.push(arrival.arrivedAt - wallAt(at))
      late.looks.push((arrival.evaluatedAt - at) / rate)
    }
    if (job === undefined) continue
    count.jobsExpected++
    const jobAt = arrivals.jobs.get(job)
    if (jobAt === undefined) count.jobsMissing++
    else late.jobs.push(jobAt - wallAt(at))
  }
  return { ...count, changes: lateness(late.changes), jobs: lateness(late.jobs), looks: lateness(late.looks) }
}

function lateness(values: number[]): Lateness {
  values.sort((a, b) => a - b)
  return {
    count: values.length,
    p50Ms: percentile(values, 0.5),
    p99Ms: percentile(values, 0.99),
    maxMs: percentile(values, 1),
  }
}
