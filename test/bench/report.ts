import type { Drain } from './drain.ts'
import type { Latency } from './latency.ts'
import type { Measurement } from './measured-process.ts'
import type { Options } from './options.ts'
import type { Silence } from './silence.ts'
import type { Lateness } from './silence-lateness.ts'
import type { Row } from './table.ts'

/** The targets of the project, and how figures become rows. */
const TARGET_OF_CEILING = 0.4
const TARGET_OF_STRAIGHTFORWARD = 10
const TARGET_P99_MS = 250
const TARGET_BYTES = 512
const TARGET_LATENESS_MS = 1_000
/** Of the rate that was asked for while latency is measured. */
const LEAST_RATE = 0.98

/** What bounds the risk-worker from above, and what one would write first. */
export interface Bounds {
  readonly counting: Measurement
  readonly parsing: Measurement
  readonly straightforward: Measurement
}

export function throughputRows({ events }: Options, drained: Drain, bounds: Bounds | undefined): Row[] {
  const rate = events / drained.seconds
  const perEvent = (seconds: number, count: number) =>
    `${((seconds * 1e6) / count).toFixed(1)} µs of processor an event`
  const measured = (name: string, { events, seconds, processorSeconds }: Measurement): Row => ({
    name,
    value: events / seconds,
    unit: 'events/s',
    note: `${seconds.toFixed(1)} s; ${perEvent(processorSeconds, events)}`,
  })
  const worker: Row = {
    name: 'risk-workers, all their work',
    value: rate,
    unit: 'events/s',
    note:
      `${drained.seconds.toFixed(1)} s (${drained.secondsFromSpawn.toFixed(1)} s with its start); ` +
      `${perEvent(drained.processorSeconds, events)}, Redis ${perEvent(drained.redisProcessorSeconds, events)}`,
  }
  if (bounds === undefined) return [worker]
  const { counting, parsing, straightforward } = bounds
  return [
    measured('consumer that counts', counting),
    measured('consumer that parses (ceiling)', parsing),
    measured('straightforward worker', straightforward),
    worker,
    {
      name: 'risk-workers / ceiling',
      value: rate / (parsing.events / parsing.seconds),
      unit: '×',
      digits: 2,
      target: { atLeast: TARGET_OF_CEILING },
    },
    {
      name: 'risk-workers / straightforward worker',
      value: rate / (straightforward.events / straightforward.seconds),
      unit: '×',
      digits: 1,
      target: { atLeast: TARGET_OF_STRAIGHTFORWARD },
    },
  ]
}

/** Redis bytes a customer, and what waits in the queues beside that, bytes. */
export function memoryRows(withTimeline: number, withoutTimeline: number, queues: number): Row[] {
  return [
    { name: 'Redis, with timeline', value: withTimeline, unit: 'bytes/customer' },
    {
      name: 'Redis, without timeline',
      value: withoutTimeline,
      unit: 'bytes/customer',
      target: { atMost: TARGET_BYTES },
    },
    { name: "BullMQ's keys beside that", value: queues / 1_024, unit: 'KiB', note: 'jobs that wait' },
  ]
}

export function rebuildRow({ events, seconds, processorSeconds }: Measurement): Row {
  return {
    name: 'rebuild',
    value: events / seconds,
    unit: 'records/s',
    note: `${seconds.toFixed(1)} s; ${((processorSeconds * 1e6) / events).toFixed(1)} µs of processor a record`,
  }
}

export function latencyRows(target: number, jobs: number, latency: Latency): Row[] {
  const note = latency.missing === 0 ? '' : `${number(latency.missing)} never came`
  return [
    {
      name: 'rate while latency is measured',
      value: latency.rate,
      unit: 'events/s',
      note: `asked for: ${number(target)}; the risk-workers kept ${(100 * latency.workerLoad).toFixed()} % of a core busy`,
      target: { atLeast: Math.floor(target * LEAST_RATE) },
    },
    { name: 'jobs measured', value: latency.jobs, unit: 'jobs', target: { atLeast: jobs }, note },
    { name: 'sent to queued, p50', value: latency.p50Ms, unit: 'ms' },
    { name: 'sent to queued, p99', value: latency.p99Ms, unit: 'ms', target: { below: TARGET_P99_MS } },
    { name: 'sent to queued, longest', value: latency.maxMs, unit: 'ms' },
  ]
}

export function silenceRows(silence: Silence): Row[] {
  const { customers, changes, jobs, looks, missing, jobsMissing, brief, briefMissing, workerLoad } = silence
  const late = (what: string, { p50Ms, p99Ms, maxMs }: Lateness, isTarget: boolean): Row[] => [
    { name: `${what}, p50`, value: p50Ms, unit: 'ms' },
    { name: `${what}, p99`, value: p99Ms, unit: 'ms', ...(isTarget && { target: { below: TARGET_LATENESS_MS } }) },
    { name: `${what}, longest`, value: maxMs, unit: 'ms' },
  ]
  return [
    {
      name: 'silence at 1 d/s: band changes',
      value: silence.expected,
      unit: 'changes',
      note:
        `of ${number(customers)} customers; the risk-workers kept ${(100 * workerLoad).toFixed()} % of a core busy; ` +
        `beside them ${number(brief)} that lasted less than a second, ${number(briefMissing)} of them unseen`,
    },
    { name: 'of these never recorded', value: missing, unit: 'changes', target: { atMost: 0 } },
    { name: 'jobs that they cause', value: silence.jobsExpected, unit: 'jobs' },
    { name: 'of these never queued', value: jobsMissing, unit: 'jobs', target: { atMost: 0 } },
    ...late('crossing to queued', jobs, true),
    ...late('crossing to recorded', changes, true),
    ...late('of that, crossing to look', looks, false),
  ]
}

export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
