import { logBounds, type ShardMeta } from '@holdfast/platform'
import { type Pipeline, processorSecondsOf, requireAlive, shardsOf } from './pipeline-process.ts'
import { inputsOf } from './stage.ts'

export interface Drain {
  /** From the moment at which the first shard had its owner, who fetches from then on, to the end; like the consumers' join. */
  readonly seconds: number
  /** From the start of the process. */
  readonly secondsFromSpawn: number
  /** Processor time since then. */
  readonly processorSeconds: number
  readonly redisProcessorSeconds: number
  readonly customers: number
}

const CLAIM_POLL_MS = 10
const POLL_MS = 50
/** Up to the half of the log: a look takes processor time from what it looks at. */
const POLL_MS_WHEN_FAR = 500
const SAY_EVERY_MS = 5_000
/** Without any progress. */
const STUCK_MS = 60_000

/**
 * Waits until the log is drained: stored offsets have reached the end of every topic that is read, no appointment is overdue,
 * and the outbox is empty, in all shards.
 * @param now domain time, ms
 * @throws Error when the process ends or stands still
 */
export async function drain(pipeline: Pipeline, now: () => number = Date.now): Promise<Drain> {
  const { stage, spawnedAt } = pipeline
  const startedAt = await waitUntil(pipeline, CLAIM_POLL_MS, async () => {
    const metas = await Promise.all((await shardsOf(pipeline)).map((shard) => shard.meta()))
    return metas.some(({ token }, partition) => isClaimed(pipeline, partition, token)) || undefined
  })
  const before = { worker: pipeline.processorSeconds(), redis: processorSecondsOf(stage.redisPid) }
  const half = (await highsOf(pipeline)).reduce((sum, { high }) => sum + high, 0) / 2
  await waitUntil(pipeline, POLL_MS_WHEN_FAR, async () => {
    const folded = await foldedOf(pipeline)
    return folded >= half || `${folded.toLocaleString('en-US')} records folded`
  })
  const endedAt = await waitUntil(pipeline, POLL_MS, () => isDrained(pipeline, now()))
  const shards = await shardsOf(pipeline)
  const counters = await Promise.all(shards.map((shard) => shard.counters()))
  return {
    seconds: (endedAt - startedAt) / 1_000,
    secondsFromSpawn: (endedAt - spawnedAt) / 1_000,
    processorSeconds: pipeline.processorSeconds() - before.worker,
    redisProcessorSeconds: processorSecondsOf(stage.redisPid) - before.redis,
    customers: counters.reduce((sum, of) => sum + (of.get('customers') ?? 0), 0),
  }
}

function highsOf({ stage, topics }: Pipeline) {
  return logBounds(stage.admin, inputsOf(topics))
}

async function foldedOf(pipeline: Pipeline): Promise<number> {
  const metas = await Promise.all((await shardsOf(pipeline)).map((shard) => shard.meta()))
  return metas.reduce((sum, meta) => sum + readOf(meta), 0)
}

/** Records of all topics that the shard has read. */
function readOf({ offsets }: ShardMeta): number {
  return [...offsets.values()].reduce((total, offset) => total + offset, 0)
}

/** Whether the shard has an owner since the process was started. */
function isClaimed({ tokensBefore }: Pipeline, partition: number, token: string): boolean {
  return token !== '' && token !== tokensBefore[partition]
}

/** True, or in words what is still to do. */
async function isDrained(pipeline: Pipeline, now: number): Promise<true | string> {
  // Redis first: whatever left the outbox before this look is in the log's ends, which are asked for afterwards.
  const shards = await Promise.all(
    (await shardsOf(pipeline)).map(async (shard) => ({
      partition: shard.partition,
      meta: await shard.meta(),
      overdue: await shard.overdue(now),
      outbox: await shard.outboxLength(),
    })),
  )
  const sum = (of: (shard: (typeof shards)[number]) => number) => shards.reduce((total, shard) => total + of(shard), 0)
  const folded = sum(({ meta }) => readOf(meta))
  const overdue = sum((shard) => shard.overdue)
  const outbox = sum((shard) => shard.outbox)
  const text = () =>
    `${folded.toLocaleString('en-US')} records folded, ${overdue.toLocaleString('en-US')} appointments overdue, ` +
    `${outbox.toLocaleString('en-US')} entries in the outbox`
  const isOurs = shards.every(({ partition, meta }) => isClaimed(pipeline, partition, meta.token))
  if (!isOurs || overdue > 0 || outbox > 0) return text()
  const bounds = await highsOf(pipeline)
  const isRead = bounds.every(({ topic, partition, high }) => (shards[partition]?.meta.offsets.get(topic) ?? 0) >= high)
  return isRead || text()
}

/** @param look answers true when it is so, else what to say meanwhile. Returns when the look began that found it so. */
async function waitUntil(
  pipeline: Pipeline,
  everyMs: number,
  look: () => Promise<true | string | undefined>,
): Promise<number> {
  let saidAt = performance.now()
  let last: string | undefined
  let movedAt = performance.now()
  for (;;) {
    const at = performance.now()
    const found = await look()
    if (found === true) return at
    requireAlive(pipeline)
    if (found !== last) {
      last = found
      movedAt = at
    }
    if (at - movedAt > STUCK_MS) throw new Error(`the risk-workers stand still: ${found ?? 'they own no shard'}`)
    if (at - saidAt > SAY_EVERY_MS) {
      saidAt = at
      pipeline.stage.say(`… risk-workers: ${found ?? 'starting'}`)
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
