import { cpus, totalmem } from 'node:os'
import { sayOnStderr } from '@holdfast/local'
import { asError, readConfig } from '@holdfast/platform'
import { RISK_WORKER_SETTINGS } from '@holdfast/risk-worker'
import { measureDataset } from './dataset.ts'
import { type Drain, drain } from './drain.ts'
import { EVENT_BYTES } from './events.ts'
import { measureGateway } from './gateway.ts'
import { measureLatency } from './latency.ts'
import { type Measurement, type Order, runMeasured } from './measured-process.ts'
import { bytesWithoutTimeline, readEveryone, usedMemory } from './memory.ts'
import { readModel } from './model.ts'
import type { Options, Part } from './options.ts'
import { ownPlace, type Pipeline, type PipelineOptions, startPipeline } from './pipeline-process.ts'
import {
  type Bounds,
  latencyRows,
  medianOf,
  memoryRows,
  number,
  type Round,
  rebuildRow,
  silenceRows,
  throughputRows,
} from './report.ts'
import { measureSilence } from './silence.ts'
import { openStage, type Stage, TOPICS } from './stage.ts'
import { formatTable, type Row } from './table.ts'
import { findUrgentPurchases } from './urgent-purchases.ts'
import { writeLog } from './write-log.ts'

export interface BenchReport {
  readonly rows: readonly Row[]
  /** For people. */
  readonly text: string
  /** What broke it off; the rows are those measured before. */
  readonly failure: Error | undefined
}

/** Runs the parts that are asked for, one after the other, on a Kafka and a Redis of their own. */
export async function runBench(options: Options): Promise<BenchReport> {
  // Before anything is started: there may be none.
  const { model, policy } = await readModel()
  const rows: Row[] = []
  const machine =
    `${cpus().length} × ${cpus()[0]?.model ?? 'processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB; ` +
    `Node ${process.versions.node}; Kafka, Redis and every process on this one machine`
  const heading = [machine]
  let failure: Error | undefined
  const stage = await openStage(options.partitions, sayOnStderr)
  let isInterrupted = false
  const stopOnSignal = () => {
    isInterrupted = true
    void stage.stop().finally(() => process.exit(130))
  }
  for (const signal of SIGNALS) process.once(signal, stopOnSignal)
  try {
    if ([...options.parts].some((part) => !ALONE.has(part))) {
      await measurePipeline(stage, options, { model, policy, rows, heading })
    }
    if (options.parts.has('gateway')) rows.push(...(await measureGateway(stage, options)))
    if (options.parts.has('silence')) {
      const context = { model, policy, modelMaySend: true }
      const { silenceCustomers: customers, silenceSeconds: seconds, profileDir } = options
      rows.push(...silenceRows(await measureSilence(stage, { customers, seconds, context, profileDir })))
    }
    if (options.parts.has('dataset')) {
      const { events, customers } = options
      rows.push(...(await measureDataset({ events, customers, say: stage.say })))
    }
  } catch (thrown) {
    // Whatever failed then did so because everything is being stopped; the process ends when that is done.
    if (isInterrupted) await new Promise(() => {})
    failure = asError(thrown)
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, stopOnSignal)
    await stage.stop()
  }
  return { rows, failure, text: `${heading.join('\n')}\n\n${formatTable(rows)}` }
}

interface Measuring extends Awaited<ReturnType<typeof readModel>> {
  /** Grow as figures come, so that what was measured is there when something fails. */
  readonly rows: Row[]
  readonly heading: string[]
}

/** Everything about the risk-workers. */
async function measurePipeline(stage: Stage, options: Options, { model, policy, rows, heading }: Measuring) {
  await writeLog(stage, options)
  const bounds = options.parts.has('throughput') ? await measureBounds(stage, options) : undefined
  const { rounds, backend, usedBefore } = await measureRounds(stage, options)
  const { drained } = rounds.at(-1)!
  heading.unshift(
    `${number(options.events)} events of ${EVENT_BYTES} bytes, ${number(drained.customers)} customers, ` +
      `${options.partitions} partitions; model ${model.version} on TensorFlow.js backend ${backend}`,
  )
  rows.push(...throughputRows(options, rounds, bounds))
  if (options.parts.has('memory')) {
    await readEveryone(stage)
    const { ours, queues } = await usedMemory(stage.redis)
    stage.say('risk-worker: draining the log once more, without timeline')
    rows.push(...memoryRows((ours - usedBefore) / drained.customers, await bytesWithoutTimeline(stage), queues))
  }
  if (options.parts.has('rebuild')) rows.push(await measureRebuild(stage, options))
  if (options.parts.has('latency')) {
    const rate = Math.floor(options.rate ?? medianOf(rounds.map(({ drained }) => options.events / drained.seconds)) / 2)
    const urgent = findUrgentPurchases(model, policy, Date.now())
    const { jobs, latencySeconds: seconds, customers } = options
    const latency = await withPipeline(stage, options, async (pipeline) => {
      await drain(pipeline)
      stage.say(`latency: ${number(rate)} events/s, and among them ${number(jobs)} purchases that cause a job each`)
      return measureLatency(pipeline, { rate, jobs, seconds, customers, urgent })
    })
    rows.push(...latencyRows(rate, jobs, latency))
  }
}

/** Parts that measure nothing of the log that is drained. */
const ALONE: ReadonlySet<Part> = new Set<Part>(['gateway', 'silence', 'dataset'])

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** What a consumer that keeps nothing reads fastest with: a bound is the best that there is. The risk-worker reads less at once. */
const FETCH_BYTES = 4 * 2 ** 20

async function withPipeline<T>(
  stage: Stage,
  { profileDir }: Options,
  work: (pipeline: Pipeline) => Promise<T>,
  own: PipelineOptions = {},
): Promise<T> {
  const pipeline = await startPipeline(stage, { profileDir, ...own })
  try {
    return await work(pipeline)
  } finally {
    await pipeline.stop()
  }
}

interface Drained {
  readonly drained: Drain
  readonly backend: string
  /** Of Redis, before anything was in it. */
  readonly usedBefore: number
}

/** Ceiling and risk-workers in turns. What comes afterwards finds Redis as the last round left it. */
async function measureRounds(stage: Stage, options: Options): Promise<Drained & { rounds: readonly Round[] }> {
  const hasCeiling = options.parts.has('throughput')
  const count = hasCeiling ? options.rounds : 1
  const rounds: Round[] = []
  for (let round = 1; ; round++) {
    const parsing = hasCeiling ? await measureConsumer(stage, options, true) : undefined
    const isLast = round === count
    const found = await measureDrain(stage, options, isLast ? {} : ownPlace(`bench-round-${round}`))
    rounds.push({ parsing, drained: found.drained })
    if (isLast) return { ...found, rounds }
  }
}

/** The risk-worker on an empty Redis and a full log. */
async function measureDrain(stage: Stage, options: Options, own: PipelineOptions): Promise<Drained> {
  await stage.redis.flushall()
  const { ours: usedBefore } = await usedMemory(stage.redis)
  stage.say('risk-worker: draining the log')
  const measure = async (pipeline: Pipeline) => {
    const drained = await drain(pipeline)
    return { drained, usedBefore, ...(await pipeline.detail()) }
  }
  return withPipeline(stage, options, measure, own)
}

/** While the pipeline runs, as an operator would. Its owners lose their shards to it; whoever comes next looks at everybody anew. */
async function measureRebuild(stage: Stage, options: Options): Promise<Row> {
  return withPipeline(stage, options, async (pipeline) => {
    await drain(pipeline)
    stage.say('rebuilding all shards from the log')
    return rebuildRow(await runMeasured(stage, 'rebuild-log.ts', { env: pipeline.env }))
  })
}

/** One process after the other, each alone with Kafka, like the risk-worker afterwards. */
async function measureBounds(stage: Stage, options: Options): Promise<Bounds> {
  const counting = await measureConsumer(stage, options, false)
  stage.say('the straightforward worker')
  const order = { ...orderOf(stage, options), events: options.straightforwardEvents }
  return { counting, straightforward: await runMeasured(stage, 'straightforward-worker.ts', { order }) }
}

function measureConsumer(stage: Stage, options: Options, parse: boolean): Promise<Measurement> {
  stage.say(`a consumer that ${parse ? 'parses' : 'counts'}`)
  return runMeasured(stage, 'counting-consumer.ts', { order: { ...orderOf(stage, options), parse } })
}

function orderOf({ brokers, redisUrl }: Stage, { events, partitions }: Options): Order {
  const { KAFKA_FETCH_WAIT_MS } = readConfig(RISK_WORKER_SETTINGS, process.env)
  return {
    brokers: [...brokers],
    redisUrl,
    topics: [TOPICS.purchases, TOPICS.support],
    events,
    partitions,
    fetchBytes: FETCH_BYTES,
    fetchWaitMs: KAFKA_FETCH_WAIT_MS,
    parse: false,
  }
}
