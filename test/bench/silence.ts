import { queuePrefix } from '@holdfast/contracts'
import { type CustomerState, DAY_MS, decodeState, type EvaluateContext, MINUTE_MS } from '@holdfast/core'
import { bandHistory } from '@holdfast/core/oracle'
import { type ClockMap, domainAt, standingClock, startedAt, storeClockMap } from '@holdfast/platform'
import { drain } from './drain.ts'
import { followJobs } from './job-arrivals.ts'
import { type Pipeline, requireAlive, shardsOf, startPipeline } from './pipeline-process.ts'
import { type Crossing, forecast } from './silence-forecast.ts'
import { changesOf, compare, type Lateness } from './silence-lateness.ts'
import { createChangesTopic, topicsUnder, writeHistory } from './silent-shop.ts'
import type { Stage } from './stage.ts'

export interface SilenceOptions {
  readonly customers: number
  /** Of the wall clock; a day passes in each. */
  readonly seconds: number
  readonly context: EvaluateContext
  readonly profileDir: string | undefined
}

export interface Silence {
  readonly customers: number
  /** Band changes that had to come, those that came too quickly to be seen aside. */
  readonly expected: number
  readonly missing: number
  /** Changes into bands that were left again within `BRIEF_MS`; and how many of these nobody saw. */
  readonly brief: number
  readonly briefMissing: number
  /** From the exact crossing to the record in churn.risk-changes. */
  readonly changes: Lateness
  readonly jobsExpected: number
  readonly jobsMissing: number
  /** From the exact crossing to the job in BullMQ. */
  readonly jobs: Lateness
  /** The part of it from the crossing to the look; the rest is commit and relay. */
  readonly looks: Lateness
  /** How busy the risk-workers were: processor seconds a second. */
  readonly workerLoad: number
}

const PREFIX = 'silence'
/** `1d/s`: domain ms a wall ms. */
const RATE = DAY_MS / 1_000
const NOTICE_MS = 2_000
/** What has not come so long after the end never comes. */
const PATIENCE_MS = 10_000
/** Customers whose crossings are compared with the oracle's, which steps through every half hour. */
const CHECKED = 60

/**
 * A shop falls silent, and a day passes every second: everybody crosses bands by silence alone. Lateness is from the exact
 * crossing, as plain arithmetic has it, to the arrival of the record in Kafka (the broker's clock) and of the job in BullMQ
 * (Redis' clock), all on one machine.
 * @throws Error when the forecast and the oracle disagree
 */
export async function measureSilence(stage: Stage, options: SilenceOptions): Promise<Silence> {
  const { customers, seconds, context, profileDir } = options
  const opened = standingClock(Date.now(), Date.now(), RATE)
  const from = domainAt(opened, Date.now())
  await storeClockMap(stage.redis, PREFIX, opened)
  const topics = topicsUnder(PREFIX)
  await createChangesTopic(stage, topics.riskChanges)
  const pipeline = await startPipeline(stage, {
    prefix: PREFIX,
    topics,
    profileDir,
    env: {
      TOPIC_PURCHASES: topics.purchases,
      TOPIC_SUPPORT: topics.support,
      TOPIC_ENGAGEMENT: topics.engagement,
      TOPIC_PROFILE: topics.profile,
    },
  })
  const outreach = await followJobs(stage, 'proactive-outreach', queuePrefix(PREFIX))
  const reactivation = await followJobs(stage, 'reactivation', queuePrefix(PREFIX))
  try {
    await drain(pipeline, () => from)
    await writeHistory(pipeline, customers, from)
    stage.say('silence: the risk-workers read the history of the shop while the clock stands')
    await drain(pipeline, () => from)
    const stored = await statesOf(pipeline)
    const to = from + seconds * DAY_MS
    stage.say(`silence: forecasting what ${seconds} silent days do to ${stored.size.toLocaleString('en-US')} customers`)
    const crossings = [...stored].flatMap(([id, state]) => forecast(id, state, { from, to }, context))
    checkByOracle(stored, crossings, { from, to }, context)

    const map = startedAt(opened, Date.now() + NOTICE_MS, RATE)
    const startsAt = map.at(-1)?.wallAnchor ?? 0
    await storeClockMap(stage.redis, PREFIX, map)
    const workerLoad = await pass(pipeline, map, { from, to, crossings: crossings.length })
    const arrivals = {
      changes: await changesOf(pipeline, startsAt),
      jobs: new Map([...outreach.ofJob, ...reactivation.ofJob]),
    }
    return {
      customers: stored.size,
      workerLoad,
      ...compare(crossings, arrivals, { from, startsAt, rate: RATE }),
    }
  } finally {
    await Promise.all([outreach.stop(), reactivation.stop(), pipeline.stop()])
  }
}

async function statesOf(pipeline: Pipeline): Promise<Map<string, CustomerState>> {
  const states = new Map<string, CustomerState>()
  for (const shard of await shardsOf(pipeline)) {
    for await (const page of shard.eachState()) {
      for (const [id, bytes] of page) {
        const state = decodeState(bytes)
        if (!state.erased) states.set(id, state)
      }
    }
  }
  return states
}

/** The forecast of some customers against the definition of the bands, stepped through time. */
function checkByOracle(
  states: ReadonlyMap<string, CustomerState>,
  crossings: readonly Crossing[],
  { from, to }: { from: number; to: number },
  { model }: EvaluateContext,
): void {
  const every = Math.max(1, Math.floor(states.size / CHECKED))
  const chosen = new Map([...states].filter((_, i) => i % every === 0))
  for (const [id, state] of chosen) {
    const steps = { from, to, previous: state.decided?.band, pastBreadth: false, everyMinutes: 30 }
    const [, ...wanted] = bandHistory(state, model, steps)
    const found = crossings.filter(({ customerId }) => customerId === id)
    const isSame =
      wanted.length === found.length &&
      wanted.every(({ band, from: at }, i) => found[i]?.band === band && Math.abs(found[i].at - at) <= MINUTE_MS)
    if (!isSame) throw new Error(`forecast of ${id}: ${JSON.stringify(found)}; oracle: ${JSON.stringify(wanted)}`)
  }
}

/** Lets the days pass. Returns how busy the risk-workers were. */
async function pass(
  pipeline: Pipeline,
  map: ClockMap,
  { from, to, crossings }: { from: number; to: number; crossings: number },
): Promise<number> {
  const { stage } = pipeline
  const endsAt = Date.now() + NOTICE_MS + (to - from) / RATE
  stage.say(`silence: ${((to - from) / DAY_MS).toFixed()} days, ${crossings.toLocaleString('en-US')} band changes`)
  await pause(NOTICE_MS)
  const before = { processor: pipeline.processorSeconds(), at: performance.now() }
  while (Date.now() < endsAt) {
    await pause(Math.min(5_000, endsAt - Date.now()))
    requireAlive(pipeline)
    const overdue = await Promise.all(
      (await shardsOf(pipeline)).map((shard) => shard.overdue(domainAt(map, Date.now()))),
    )
    const days = (domainAt(map, Date.now()) - from) / DAY_MS
    stage.say(`… silence: day ${days.toFixed()}, ${overdue.reduce((sum, count) => sum + count, 0)} appointments due`)
  }
  const workerLoad = (1_000 * (pipeline.processorSeconds() - before.processor)) / (performance.now() - before.at)
  await pause(PATIENCE_MS)
  return workerLoad
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
