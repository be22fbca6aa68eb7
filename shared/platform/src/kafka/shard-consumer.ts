import type { Admin, Consumer, EachBatchPayload } from 'kafkajs'
import { asError, HoldfastError } from '../errors.ts'
import { createBatchRunner } from './batch-runner.ts'
import { withKafkaTrouble } from './connect.ts'
import { copartitionAssigner, requireEqualCounts } from './copartition-assigner.ts'
import { logBounds, type Position, partitionCounts } from './log-bounds.ts'
import { createPositions, startingPositions } from './positions.ts'
import type { ShardConsumer, ShardConsumerOptions } from './shard-consumer-types.ts'

/**
 * A group consumer over co-partitioned topics whose truth about offsets is elsewhere. At each (re)join it fetches nothing until
 * the owner has said where to start, so no seek can lose against the first fetch.
 */
export function createShardConsumer(options: ShardConsumerOptions): ShardConsumer {
  const { kafka, log, groupId, topics, onBatch, onAssigned, onRevoked, onSkipped, onFatal, onCrash } = options
  const { maxBytesPerPartition = 4 * 2 ** 20, maxBytes = 32 * 2 ** 20, minBytes = 1, maxWaitMs = 100 } = options
  const { sessionTimeoutMs = 30_000, heartbeatMs = Math.min(1_000, sessionTimeoutMs / 4) } = options

  /** Rises whenever what was ours may no longer be. */
  let epoch = 0
  /** Whether it has joined its group since it started or last crashed. */
  let wasMember = false
  /** When the group last confirmed that we belong to it; a frozen process finds it old. */
  let confirmedAt = Number.NEGATIVE_INFINITY
  let askers: ((isMember: boolean) => void)[] = []
  /** What the group last gave us; also what the assigner asks for again. */
  let held: readonly number[] = []
  /** What the owner was told is ours. */
  let told: readonly number[] = []
  let stopped: Promise<void> | undefined
  /** Transitions of ownership run one after the other. */
  let transitions: Promise<void> = Promise.resolve()
  const positions = createPositions()
  const running = new Set<Promise<void>>()
  const pausedByOwner = new Set<number>()
  /** `topic:partition` of those that stand still for good. */
  const failed = new Set<string>()

  const admin: Admin = kafka.admin()
  const consumer: Consumer = kafka.consumer({
    groupId,
    partitionAssigners: [copartitionAssigner(() => held)],
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: heartbeatMs,
    rebalanceTimeout: Math.max(sessionTimeoutMs, 30_000),
    maxBytesPerPartition,
    maxBytes,
    minBytes,
    maxWaitTimeInMs: maxWaitMs,
    allowAutoTopicCreation: false,
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 2_000,
      retries: 10,
      restartOnFailure: async () => stopped === undefined,
    },
  })

  function tellAskers(isMember: boolean): void {
    confirmedAt = isMember ? performance.now() : Number.NEGATIVE_INFINITY
    const asked = askers
    askers = []
    for (const tell of asked) tell(isMember)
  }

  const { GROUP_JOIN, HEARTBEAT, REBALANCING, CRASH, END_BATCH_PROCESS } = consumer.events
  consumer.on(HEARTBEAT, () => tellAskers(true))
  consumer.on(GROUP_JOIN, ({ payload }) => {
    const partitions = [...new Set(Object.values(payload.memberAssignment).flat())].sort((a, b) => a - b)
    const joined = ++epoch
    // Whoever asked did so as a member of an earlier generation.
    tellAskers(false)
    confirmedAt = performance.now()
    wasMember = true
    held = partitions
    positions.clear()
    pausedByOwner.clear()
    failed.clear()
    setFetching(partitions, false)
    enqueue(async () => {
      await revoke()
      if (isCurrent(joined)) await take(partitions, joined)
    })
  })
  consumer.on(REBALANCING, () => {
    epoch++
    tellAskers(false)
    enqueue(revoke)
  })
  consumer.on(CRASH, ({ payload: { error, restart } }) => {
    epoch++
    tellAskers(false)
    enqueue(revoke)
    onCrash?.(error, { wasMember, willRestart: restart })
    wasMember = false
    if (!restart && stopped === undefined) onFatal(crashError(error, groupId))
  })
  consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset, highWatermark } }) => {
    if (batchSize > 0) return
    const position = { topic, partition, offset: Number(lastOffset) + 1 }
    positions.set(position)
    onSkipped?.({ ...position, highWatermark: Number(highWatermark) })
  })

  function enqueue(transition: () => Promise<void>): void {
    transitions = transitions.then(transition).catch((thrown: unknown) => onFatal(asError(thrown)))
  }

  async function revoke(): Promise<void> {
    const partitions = told
    told = []
    if (partitions.length > 0) await onRevoked(partitions)
  }

  const isCurrent = (joined: number) => joined === epoch && stopped === undefined

  async function take(partitions: readonly number[], joined: number): Promise<void> {
    if (partitions.length === 0) return
    told = partitions
    const known = await startingPoints(partitions).catch((thrown: unknown) => {
      // What was asked for a membership that has ended meanwhile may fail; the next one asks again.
      if (isCurrent(joined)) throw thrown
    })
    if (known === undefined || !isCurrent(joined)) return
    for (const { position, error } of known) {
      if (error !== undefined) standStill(position, error)
      else seek(position)
    }
    setFetching(partitions, true)
  }

  async function startingPoints(partitions: readonly number[]) {
    // In this order: an owner before us may commit until it is told, and its offset may be newer than ends read before.
    const stored = await onAssigned(partitions)
    const bounds = await logBounds(admin, topics)
    return startingPositions(
      stored,
      bounds.filter(({ partition }) => partitions.includes(partition)),
    )
  }

  function seek(position: Position): void {
    if (!held.includes(position.partition)) return
    positions.seek(position)
    const { topic, partition, offset } = position
    whileRunning(() => consumer.seek({ topic, partition, offset: String(offset) }))
  }

  function setFetching(partitions: readonly number[], on: boolean): void {
    for (const topic of topics) {
      const wanted = on ? partitions.filter((p) => !pausedByOwner.has(p) && !failed.has(`${topic}:${p}`)) : partitions
      if (wanted.length === 0) continue
      const list = [{ topic, partitions: [...wanted] }]
      whileRunning(() => (on ? consumer.resume(list) : consumer.pause(list)))
    }
  }

  /** Between a crash and the restart kafkajs refuses; the next join settles all of it anew. */
  function whileRunning(act: () => void): void {
    try {
      act()
    } catch (err) {
      log.debug({ err, groupId }, 'the consumer is not running')
    }
  }

  function standStill({ topic, partition }: { topic: string; partition: number }, error: Error): void {
    failed.add(`${topic}:${partition}`)
    whileRunning(() => consumer.pause([{ topic, partitions: [partition] }]))
    onFatal(error, { topic, partition })
  }

  const runBatch = createBatchRunner({
    log,
    admin,
    positions,
    heartbeatMs,
    onBatch,
    standStill,
    epoch: () => epoch,
    onHeartbeatRefused: () => tellAskers(false),
  })

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch
    if (stopped !== undefined || payload.isStale() || failed.has(`${topic}:${partition}`)) return
    const work = runBatch(payload)
    running.add(work)
    await work.finally(() => running.delete(work))
  }

  async function startNow(): Promise<void> {
    await admin.connect()
    const count = requireEqualCounts(await partitionCounts(admin, topics))
    await consumer.connect()
    // Positions are set at each join; the beginning is where kafkajs goes when one is out of range, and then we notice.
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.concurrency ?? count * topics.length,
      eachBatch,
    })
  }

  async function stopNow(): Promise<void> {
    tellAskers(false)
    setFetching(held, false)
    await Promise.allSettled(running)
    enqueue(revoke)
    await transitions
    await consumer.disconnect()
    await admin.disconnect()
  }

  return {
    start: () => withKafkaTrouble(startNow),
    assigned: () => told,
    async isMember() {
      if (stopped !== undefined) return false
      if (performance.now() - confirmedAt < heartbeatMs) return true
      return new Promise<boolean>((resolve) => {
        const late = setTimeout(resolve, sessionTimeoutMs, false)
        askers.push((isMember) => {
          clearTimeout(late)
          resolve(isMember)
        })
      })
    },
    seek,
    async commitOffsets(list) {
      try {
        await consumer.commitOffsets(list.map((position) => ({ ...position, offset: String(position.offset) })))
      } catch (err) {
        log.debug({ err, groupId }, 'offsets for lag tools were not committed')
      }
    },
    pause(partition) {
      if (!told.includes(partition)) return
      pausedByOwner.add(partition)
      setFetching([partition], false)
    },
    resume(partition) {
      if (!pausedByOwner.delete(partition)) return
      setFetching([partition], true)
    },
    stop() {
      stopped ??= stopNow()
      return stopped
    },
  }
}

function crashError(cause: Error, groupId: string): Error {
  if (cause instanceof HoldfastError) return cause
  return new HoldfastError({
    code: 'KAFKA_CONSUMER_DIED',
    message: `the consumer of group ${groupId} stopped and does not come back by itself`,
    cause,
    cure: 'see the cause; the offsets are stored with the state, so a restart of the process loses nothing.',
  })
}
