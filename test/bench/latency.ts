import { drain } from './drain.ts'
import { createEventSource, purchase } from './events.ts'
import { followJobs, type JobArrivals } from './job-arrivals.ts'
import { type Line, openKcat } from './kcat.ts'
import type { Pipeline } from './pipeline-process.ts'
import { TOPICS } from './stage.ts'
import { percentile } from './table.ts'
import type { UrgentPurchase } from './urgent-purchases.ts'

export interface LatencyOptions {
  /** Events a second, urgent ones included. */
  readonly rate: number
  readonly jobs: number
  readonly seconds: number
  readonly customers: number
  readonly urgent: readonly UrgentPurchase[]
}

export interface Latency {
  readonly jobs: number
  readonly missing: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Events a second that the producer really sent while the jobs were measured. */
  readonly rate: number
  /** How busy the risk-workers were from the first job that counts to the last: processor seconds a second. */
  readonly workerLoad: number
}

/**
 * Ordinary events alone at the full rate, before the first job that counts: customers come back who were given up, nearly
 * every event is a change of band at first, the worker's code is not compiled yet, and what has piled up in the meantime is
 * worked off while more comes.
 */
const WARM_UP_MS = 60_000
const TICK_MS = 20
/** Our own reading of what Redis has long written. */
const ARRIVALS_READ_WITHIN_MS = 5_000

/**
 * Sends ordinary events at a rate and, spread among them, purchases of which each must cause one job. Latency is from the
 * instant just before the producer sends the purchase to the instant at which Redis runs the script that adds the job.
 */
export async function measureLatency(pipeline: Pipeline, options: LatencyOptions): Promise<Latency> {
  const { stage } = pipeline
  const arrivals = await followJobs(stage, 'proactive-outreach')
  try {
    const { sentAt, rate, workerLoad } = await send(pipeline, options)
    await settle(pipeline, sentAt, arrivals)
    const latencies = [...sentAt].flatMap(([customer, at]) => {
      const arrived = arrivals.at.get(customer)
      return arrived === undefined ? [] : [arrived - at]
    })
    latencies.sort((a, b) => a - b)
    return {
      jobs: latencies.length,
      missing: sentAt.size - latencies.length,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      maxMs: percentile(latencies, 1),
      rate,
      workerLoad,
    }
  } finally {
    await arrivals.stop()
  }
}

async function send(pipeline: Pipeline, { rate, jobs, seconds, customers, urgent }: LatencyOptions) {
  const { stage } = pipeline
  const producers = { purchases: openKcat(stage, TOPICS.purchases), support: openKcat(stage, TOPICS.support) }
  const next = createEventSource({ customers, seed: 2 })
  const sentAt = new Map<string, number>()
  let made = 0
  let madeBefore = 0
  let workerBefore = 0
  let saidAt = performance.now()
  const startedAt = performance.now()
  const endMs = WARM_UP_MS + seconds * 1_000
  for (;;) {
    const elapsedMs = Math.min(endMs, performance.now() - startedAt)
    const inMeasurement = Math.max(0, elapsedMs - WARM_UP_MS)
    if (inMeasurement === 0) {
      madeBefore = made
      workerBefore = pipeline.processorSeconds()
    }
    const now = Date.now()
    const lines = { purchases: [] as Line[], support: [] as Line[] }
    const urgentNow: string[] = []
    for (const due = Math.floor((jobs * inMeasurement) / (seconds * 1_000)); sentAt.size + urgentNow.length < due; ) {
      const number = sentAt.size + urgentNow.length
      const { ageMs, amountMinor } = urgent[number % urgent.length]!
      const customerId = `urgent-${String(number).padStart(7, '0')}`
      const event = purchase({ id: `ord-u-${number}`, customerId, time: now - ageMs, amountMinor })
      lines.purchases.push([customerId, event.value])
      urgentNow.push(customerId)
      made++
    }
    for (; made < (rate * elapsedMs) / 1_000; made++) {
      const { role, customerId, value } = next(now)
      lines[role].push([customerId, value])
    }
    const sendingAt = Date.now()
    for (const customerId of urgentNow) sentAt.set(customerId, sendingAt)
    producers.purchases.send(lines.purchases)
    producers.support.send(lines.support)
    if (elapsedMs === endMs) break
    // Where a producer cannot follow, the rate that was asked for is not reached, and the table says so.
    do await pause(TICK_MS)
    while (producers.purchases.isFull() || producers.support.isFull())
    if (performance.now() - saidAt > 5_000) {
      saidAt = performance.now()
      stage.say(`… latency: ${sentAt.size.toLocaleString('en-US')} of ${jobs.toLocaleString('en-US')} jobs caused`)
    }
  }
  await Promise.all([producers.purchases.end(), producers.support.end()])
  const measuredSeconds = (performance.now() - startedAt - WARM_UP_MS) / 1_000
  const workerLoad = (pipeline.processorSeconds() - workerBefore) / measuredSeconds
  return { sentAt, rate: (made - madeBefore) / measuredSeconds, workerLoad }
}

/** Resolves when the risk-workers have done all their work, so that a job which is missing now never comes. */
async function settle(pipeline: Pipeline, sentAt: ReadonlyMap<string, number>, { at }: JobArrivals): Promise<void> {
  await drain(pipeline)
  const deadline = performance.now() + ARRIVALS_READ_WITHIN_MS
  const isMissing = () => [...sentAt.keys()].some((customer) => !at.has(customer))
  while (isMissing() && performance.now() < deadline) await pause(100)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
