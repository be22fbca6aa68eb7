import type { Admin, EachBatchPayload } from 'kafkajs'
import { asError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { logBounds } from './log-bounds.ts'
import { outOfRange, type Positions } from './positions.ts'
import { boundsOf, type ShardBatch, toRecord } from './shard-batch.ts'

export interface BatchRunnerOptions {
  readonly log: Logger
  readonly admin: Admin
  readonly positions: Positions
  readonly heartbeatMs: number
  readonly onBatch: (batch: ShardBatch) => Promise<void>
  readonly standStill: (where: { topic: string; partition: number }, error: Error) => void
  /** Rises whenever what was ours may no longer be. */
  readonly epoch: () => number
  /** The group did not take a heartbeat of a batch: kafkajs acts on it only when the batch is done. */
  readonly onHeartbeatRefused: () => void
}

/** What a broker answers to a heartbeat of one who is no longer in the group. */
const LOST_MEMBERSHIP = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])

/** Hands one batch of kafkajs to the handler and moves on behind it. Never throws: what fails makes the partition stand still. */
export function createBatchRunner(options: BatchRunnerOptions): (payload: EachBatchPayload) => Promise<void> {
  const { log, admin, positions, heartbeatMs, onBatch, standStill, epoch, onHeartbeatRefused } = options

  /** Undefined where the batch follows the last one, maybe after a hole; else why it must not be taken. */
  async function refusal(topic: string, partition: number, first: number): Promise<Error | undefined> {
    const offset = positions.get(topic, partition) ?? first
    if (first === offset) return undefined
    // kafkajs goes to the other end of the log, with no more than a log line, when its offset is not in it any more.
    const bounds = (await logBounds(admin, [topic])).find((bound) => bound.partition === partition)
    if (bounds === undefined) return undefined
    return outOfRange({ topic, partition, offset }, first < offset ? { ...bounds, high: first } : bounds)
  }

  return async function runBatch(payload) {
    const { topic, partition, messages } = payload.batch
    const { first, last, highWatermark } = boundsOf(payload)
    const began = epoch()
    const seeks = positions.seeks(topic, partition)
    let lostMembership = false
    let handled = false
    let soughtAway = false
    const isStale = () => {
      // A seek after the handler is nothing to this batch any more. kafkajs forgets one as soon as any broker was asked for more.
      if (!handled) soughtAway ||= payload.isStale() || positions.seeks(topic, partition) !== seeks
      return lostMembership || soughtAway || began !== epoch()
    }
    const heartbeat = async () => {
      try {
        await payload.heartbeat()
      } catch (thrown) {
        lostMembership ||= LOST_MEMBERSHIP.has(protocolErrorOf(thrown))
        onHeartbeatRefused()
        log.debug({ err: thrown, topic, partition }, 'a heartbeat during a batch was refused')
      }
    }
    const timer = setInterval(heartbeat, heartbeatMs)
    try {
      const error = await refusal(topic, partition, first)
      if (error !== undefined) return standStill({ topic, partition }, error)
      const expectedOffset = positions.get(topic, partition) ?? first
      const records = messages.map(toRecord)
      await onBatch({
        topic,
        partition,
        records,
        highWatermark,
        firstOffset: first,
        lastOffset: last,
        expectedOffset,
        isStale,
        heartbeat,
      })
      if (isStale()) return
      payload.resolveOffset(payload.batch.lastOffset())
      positions.set({ topic, partition, offset: last + 1 })
    } catch (thrown) {
      standStill({ topic, partition }, asError(thrown))
    } finally {
      handled = true
      clearInterval(timer)
    }
  }
}

function protocolErrorOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'type' in thrown ? String(thrown.type) : ''
}
