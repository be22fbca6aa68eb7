import { randomBytes } from 'node:crypto'
import { createDecoder } from '@holdfast/contracts'
import { type Decided, decodeState } from '@holdfast/core'
import {
  claimFresh,
  connectAdmin,
  connectRedis,
  createKafka,
  createLifecycle,
  createShardConsumer,
  dropGeneration,
  HoldfastError,
  inputTopicsOf,
  type LogBounds,
  type Logger,
  logBounds,
  openClock,
  partitionCounts,
  readShard,
  registerCodecs,
  requireEqualCounts,
  type ShardAddress,
  type ShardReader,
  type ShardStore,
  topicsOf,
} from '@holdfast/platform'
import { type Config, timelineLengthOf } from './config.ts'
import { createIntakeStep } from './lane/intake.ts'
import { ShardLane } from './lane/shard-lane.ts'
import { Turns } from './turns.ts'

export interface RebuildProgress {
  /** Records folded so far, and those that the log held when it was last asked. */
  readonly done: number
  readonly total: number
}

export interface RebuildReport {
  readonly generation: string
  readonly records: number
  /** From the first record to the last shard's switch. */
  readonly seconds: number
}

interface Building {
  readonly address: ShardAddress
  readonly old: ShardReader
  readonly store: ShardStore
  readonly lane: ShardLane
}

const CHECK_EVERY_MS = 200

/**
 * Replays the whole log into fresh keys and turns the shards to them, while the pipeline goes on: what flows in meanwhile is
 * read here as well, and what the old generation has not sent yet is carried over. Customers are looked at by the shards'
 * owners afterwards, who begin where the rebuild ended.
 * @throws HoldfastError REBUILD_OVERTAKEN when another rebuild was quicker; KAFKA_… and REDIS_… as any process
 */
export async function rebuild(
  config: Config,
  log: Logger,
  onProgress: (progress: RebuildProgress) => void = () => {},
): Promise<RebuildReport> {
  const lifecycle = createLifecycle()
  try {
    registerCodecs()
    const kafka = createKafka(config, log)
    const { admin } = await lifecycle.start('admin', () => connectAdmin(kafka))
    const { client } = await lifecycle.start('redis', () =>
      connectRedis(config.REDIS_URL, { log, name: 'holdfast-rebuild' }),
    )
    const clock = await lifecycle.start('clock', () => openClock(client, config.KEY_PREFIX))
    const topics = topicsOf(config)
    const inputs = inputTopicsOf(topics)
    const partitionCount = requireEqualCounts(await partitionCounts(admin, Object.values(inputs)))
    const decode = createDecoder({ base: config.BASE_CURRENCY, rates: config.CURRENCY_RATES, topics })
    const intake = createIntakeStep({ decode, partitionCount, domainTime: clock.domainTime })
    const generation = `g${Date.now()}-${randomBytes(3).toString('hex')}`
    const timelineLength = await timelineLengthOf(config)
    const atWork = new Turns()
    const building = new Map<number, Building>()
    let records = 0
    let startedAt: number | undefined
    let failure: unknown

    const bounds = await logBounds(admin, Object.values(inputs))
    for (let partition = 0; partition < partitionCount; partition++) {
      const address: ShardAddress = { client, prefix: config.KEY_PREFIX, partition }
      const old = await readShard(address)
      const store = await claimFresh(address, generation)
      const lane = openLane(
        store,
        bounds.filter((bound) => bound.partition === partition),
      )
      building.set(partition, { address, old, store, lane })
    }
    const requireWhole = (): void => {
      if (failure !== undefined) throw failure
    }
    /** Shards that are not turned yet. */
    const waiting = new Set(building.keys())
    const adopted = new Set<number>()
    const consumer = createShardConsumer({
      kafka,
      log,
      groupId: `${config.KAFKA_GROUP}-${generation}`,
      topics: Object.values(inputs),
      maxBytesPerPartition: config.KAFKA_FETCH_BYTES,
      async onBatch(batch) {
        startedAt ??= performance.now()
        const { partition } = batch
        const lane = building.get(partition)?.lane
        await lane?.take(batch)
        if (lane?.wasRefused && waiting.has(partition)) failure = brokenOff(partition)
        records += batch.records.length
      },
      onAssigned: async (partitions) =>
        partitions.flatMap((partition) =>
          Object.values(inputs).map((topic) => ({
            topic,
            partition,
            offset: building.get(partition)?.lane.nextOffset(topic) ?? 0,
          })),
        ),
      onRevoked: async () => {},
      onSkipped: ({ topic, partition, offset, highWatermark }) =>
        building.get(partition)?.lane.skipTo(topic, offset, highWatermark),
      onFatal(error) {
        failure = error
      },
    })
    await consumer.start()
    lifecycle.onStop('consumer', () => consumer.stop())

    try {
      // What was the end a round ago: a log that grows quickly would never be reached where it ends now.
      let ends = await logEnds()
      while (waiting.size > 0) {
        await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS))
        requireWhole()
        const now = await logEnds()
        onProgress({ done: records, total: total(now) })
        for (const partition of [...waiting]) {
          const built = building.get(partition)!
          if (!reaches(built.lane, ends.get(partition) ?? new Map())) continue
          if (!adopted.has(partition)) {
            await adopt(built, log)
            adopted.add(partition)
          } else {
            await turn(built, requireWhole)
            waiting.delete(partition)
          }
        }
        ends = now
      }
      const seconds = startedAt === undefined ? 0 : (performance.now() - startedAt) / 1_000
      return { generation, records, seconds }
    } finally {
      for (const [partition, { address, old, lane }] of building) {
        lane.close()
        await dropGeneration(address, waiting.has(partition) ? generation : old.generation)
      }
    }

    async function logEnds(): Promise<Map<number, Map<string, number>>> {
      const found = new Map<number, Map<string, number>>()
      for (const { topic, partition, high } of await logBounds(admin, Object.values(inputs))) {
        const ofPartition = found.get(partition) ?? new Map<string, number>()
        found.set(partition, ofPartition.set(topic, high))
      }
      return found
    }

    function openLane(store: ShardStore, logBounds: readonly LogBounds[]): ShardLane {
      return new ShardLane({
        store,
        topics: inputs,
        partitionCount,
        logBounds,
        intake,
        look: () => [],
        clock,
        log,
        gatherEvents: Math.ceil(config.GATHER_EVENTS / partitionCount),
        timelineLength,
        lookLimit: 1,
        atWork,
        foldsOnly: true,
        events: {
          onIntake() {},
          onFolded() {},
          onCommitted() {},
          onOutbox() {},
          onRefused() {},
          onBroken(error) {
            failure = error
          },
        },
        admit: () => true,
        seek: (topic, offset) => consumer.seek({ topic, partition: store.partition, offset }),
      })
    }
  } finally {
    await lifecycle.stop()
  }
}

/**
 * What was decided is no function of the log: a customer whose band was left to be found anew could begin another stay in it,
 * and be contacted for it again. What the old owner decides from here to the switch is decided anew, under the same episode.
 */
async function adopt({ old, lane }: Building, log: Logger): Promise<void> {
  for await (const page of old.eachState()) {
    let decided: ReadonlyMap<string, Decided>
    try {
      decided = decidedOf(page)
    } catch (err) {
      if (!(err instanceof RangeError)) throw err
      log.warn({ err, partition: old.partition }, 'this build cannot read the old states, so bands are found anew')
      return
    }
    await lane.adopt(decided)
  }
}

/** @throws RangeError for bytes that hold no state of this build's layout */
function decidedOf(page: readonly (readonly [id: string, state: Buffer])[]): ReadonlyMap<string, Decided> {
  const decided = new Map<string, Decided>()
  for (const [id, bytes] of page) {
    const state = decodeState(bytes)
    if (state.decided !== undefined) decided.set(id, state.decided)
  }
  return decided
}

/** Stops folding a shard, and turns it. What came after its last commit is the next owner's. */
async function turn({ address, old, store, lane }: Building, requireWhole: () => void): Promise<void> {
  await lane.drain()
  lane.close()
  // A batch may have come between the two.
  await lane.drain()
  requireWhole()
  if (await store.replace(old.generation, lane.commitNumber)) return
  throw new HoldfastError({
    code: 'REBUILD_OVERTAKEN',
    message: `shard ${address.partition} was turned to another generation while it was being rebuilt`,
    cure: 'nothing was changed by this rebuild in that shard; see whether another rebuild ran, and try again.',
  })
}

function brokenOff(partition: number): HoldfastError {
  return new HoldfastError({
    code: 'REBUILD_BROKEN_OFF',
    message: `Redis no longer knows what was rebuilt of shard ${partition}: it was put back to an older self, or emptied`,
    cure: 'the shards that were not turned stand as they were; run the rebuild again.',
  })
}

function reaches(lane: ShardLane, ends: ReadonlyMap<string, number>): boolean {
  for (const [topic, end] of ends) if (lane.nextOffset(topic) < end) return false
  return true
}

function total(ends: ReadonlyMap<number, ReadonlyMap<string, number>>): number {
  let sum = 0
  for (const ofPartition of ends.values()) for (const end of ofPartition.values()) sum += end
  return sum
}
