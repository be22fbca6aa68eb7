import type { Drain } from './drain.ts'
import type { Latency } from './latency.ts'
import type { Measurement } from './measured-process.ts'
import type { Options } from './options.ts'
import type { Silence } from './silence.ts'
import type { Lateness } from './silence-lateness.ts'
import { percentile, type Row } from './table.ts'

/** The targets of the project, and how figures become rows. */
const TARGET_OF_CEILING = 0.4
const TARGET_OF_STRAIGHTFORWARD = 10
const TARGET_P99_MS = 250
const TARGET_BYTES = 512
const TARGET_LATENESS_MS = 1_000
/** Of the rate that was asked for while latency is measured. */
const LEAST_RATE = 0.98

/** What is measured once: the figures do not depend on the machine's mood as much as the ratio of two of them does. */
export interface Bounds {
  readonly counting: Measurement
  readonly straightforward: Measurement
}

/** The ceiling and the risk-workers, one right after the other: how fast a shared machine is changes within minutes. */
export interface Round {
  readonly drained: Drain
  readonly parsing: Measurement | undefined
}

/** @param rounds one or more; the rows are the medians */
export function throughputRows({ events }: Options, rounds: readonly Round[], bounds: Bounds | undefined): Row[] {
  const rate = medianOf(rounds.map(({ drained }) => events / drained.seconds))
  const worker: Row = {
    name: 'risk-workers, all their work',
    value: rate,
    unit: 'events/s',
    note: each(rounds.map(({ drained }) => notesOf(drained, events))),
  }
  const parsed = rounds.flatMap(({ parsing, drained }) => (parsing === undefined ? [] : [{ parsing, drained }]))
  if (bounds === undefined || parsed.length === 0) return [worker]
  const { counting, straightforward } = bounds
  const ratios = parsed.map(({ parsing, drained }) => events / drained.seconds / rateOf(parsing))
  return [
    measured('consumer that counts', [counting]),
    measured(
      'consumer that parses (ceiling)',
      parsed.map(({ parsing }) => parsing),
    ),
    measured('straightforward worker', [straightforward]),
    worker,
    {
      name: 'risk-workers / ceiling',
      value: medianOf(ratios),
      unit: '×',
      digits: 2,
      target: { atLeast: TARGET_OF_CEILING },
      note: each(ratios.map((ratio) => ratio.toFixed(2))),
    },
    {
      name: 'risk-workers / straightforward worker',
      value: rate / rateOf(straightforward),
      unit: '×',
      digits: 1,
      target: { atLeast: TARGET_OF_STRAIGHTFORWARD },
    },
  ]
}

export function medianOf(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

function measured(name: string, measurements: readonly Measurement[]): Row {
  return {
    name,
    value: medianOf(measurements.map(rateOf)),
    unit: 'events/s',
    note: each(
      measurements.map(
        ({ events, seconds, processorSeconds }) => `${seconds.toFixed(1)} s, ${perEvent(processorSeconds, events)} µs`,
      ),
      'time, and processor an event',
    ),
  }
}

function notesOf(drained: Drain, events: number): string {
  const { seconds, secondsFromSpawn, processorSeconds, redisProcessorSeconds } = drained
  const [worker, redis] = [perEvent(processorSeconds, events), perEvent(redisProcessorSeconds, events)]
  return `${seconds.toFixed(1)} s (${secondsFromSpawn.toFixed(1)} s with the start), ${worker} µs, Redis ${redis} µs`
}

const rateOf = ({ events, seconds }: Measurement) => events / seconds
const perEvent = (seconds: number, events: number) => ((seconds * 1e6) / events).toFixed(1)

function each(notes: readonly string[], what = ''): string {
  return `${what}${what === '' ? '' : ': '}${notes.join('; ')}`
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
