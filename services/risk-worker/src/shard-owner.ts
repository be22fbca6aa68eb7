import type { Role } from '@holdfast/core'
import {
  HoldfastError,
  type LogBounds,
  type Logger,
  type Position,
  type ShardBatch,
  type ShardConsumer,
  type ShardHandlers,
  type ShardStore,
} from '@holdfast/platform'
import type { ModelSweep } from './champion-sweep.ts'
import type { LaneEvents } from './lane/lane-options.ts'
import type { ShardLane } from './lane/shard-lane.ts'
import type { Relay } from './relay.ts'
import { Turns } from './turns.ts'

export interface ShardOwnerOptions {
  readonly log: Logger
  readonly topics: Readonly<Record<Role, string>>
  readonly partitionCount: number
  /** Customers that a lane looks at in one go because they are due. */
  readonly lookLimit: number
  readonly lookIntervalMs: number
  claim(partition: number): Promise<ShardStore>
  /** Where the log of each topic of a partition begins and ends now. */
  logBounds(partition: number): Promise<readonly LogBounds[]>
  openLane(store: ShardStore, logBounds: readonly LogBounds[], hooks: LaneHooks): ShardLane
  openRelay(store: ShardStore): Relay
  /** What looks at a lane's customers anew after a change of the model. */
  openSweep(store: ShardStore, lane: ShardLane): ModelSweep
  /** Whether intake stands still (see `IntakeStop`). */
  isIntakeStopped(): boolean
  onFatal(error: unknown): void
}

/** What a lane needs of its owner. */
export interface LaneHooks extends Pick<LaneEvents, 'onOutbox' | 'onBroken'> {
  seek(topic: string, offset: number): void
}

interface Shard {
  readonly lane: ShardLane
  readonly relay: Relay
  readonly sweep: ModelSweep
}

/** How long a revocation waits for what was taken to be folded and committed, ms; what is not by then is read again. */
const DRAIN_MS = 5_000
const COMMIT_OFFSETS_EVERY_MS = 5_000

/**
 * The shards of this process: claims them when the group assigns them, hands them their batches, keeps their appointments, and
 * lets them go. A shard whose commit was refused is dropped and read anew, but claimed again only after the group has
 * confirmed, by a heartbeat, that it is ours; else it stands still until the group assigns it anew.
 */
export class ShardOwner implements ShardHandlers {
  private readonly shards = new Map<number, Shard>()
  private consumer: ShardConsumer | undefined
  private timers: NodeJS.Timeout[] = []
  private looking: Promise<void> | undefined
  /** By partition, of what opens, recovers and closes its shard, in the order of the group's word. */
  private readonly turns = new Map<number, Turns>()

  constructor(private readonly options: ShardOwnerOptions) {}

  /** Begins to keep appointments; the consumer is the one whose handlers these are. */
  start(consumer: ShardConsumer): void {
    this.consumer = consumer
    this.timers = [
      setInterval(() => {
        this.looking ??= this.keepAppointments()
          .catch((error: unknown) => this.options.onFatal(error))
          .finally(() => {
            this.looking = undefined
          })
      }, this.options.lookIntervalMs),
      setInterval(() => void consumer.commitOffsets(this.committedOffsets()), COMMIT_OFFSETS_EVERY_MS),
    ]
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    await this.looking
    await this.onRevoked([...this.shards.keys()])
  }

  lanes(): readonly ShardLane[] {
    return [...this.shards.values()].map(({ lane }) => lane)
  }

  readonly onAssigned = async (partitions: readonly number[]): Promise<readonly Position[]> => {
    if (this.options.isIntakeStopped()) for (const partition of partitions) this.consumer?.pause(partition)
    const positions = await Promise.all(
      partitions.map((partition) => this.inTurn(partition, () => this.open(partition))),
    )
    this.options.log.info({ partitions }, 'shards are ours')
    return positions.flat()
  }

  readonly onRevoked = async (partitions: readonly number[]): Promise<void> => {
    await Promise.all(partitions.map((partition) => this.inTurn(partition, () => this.close(partition))))
  }

  readonly onBatch = async (batch: ShardBatch): Promise<void> => {
    const shard = this.shards.get(batch.partition)
    if (shard === undefined || batch.isStale()) return
    await shard.relay.hasRoom()
    const outcome = await shard.lane.take(batch)
    if (outcome === 'refused') await this.recover(batch.partition, shard)
    else if (outcome === 'not_admitted') this.seekBack(batch, shard)
  }

  readonly onSkipped = ({ topic, partition, offset, highWatermark }: Position & { highWatermark: number }): void => {
    this.shards.get(partition)?.lane.skipTo(topic, offset, highWatermark)
  }

  readonly onFatal = (error: Error): void => this.options.onFatal(error)

  readonly onCrash: NonNullable<ShardHandlers['onCrash']> = (err, { wasMember, willRestart }) => {
    const what = wasMember ? 'the consumer lost its group' : 'the consumer could not join its group'
    this.options.log.warn({ err, willRestart }, what)
  }

  /** Reading begins again where it stopped. */
  resumeIntake(): void {
    for (const partition of this.shards.keys()) this.consumer?.resume(partition)
  }

  stopIntake(): void {
    for (const partition of this.shards.keys()) this.consumer?.pause(partition)
  }

  private async open(partition: number): Promise<Position[]> {
    const { claim, logBounds, openLane, openRelay, openSweep, topics, partitionCount } = this.options
    const store = await claim(partition)
    requireSameCount(store, partitionCount, Object.values(topics))
    const relay = openRelay(store)
    // What an earlier owner, or an older self of Redis, left unsent: its decisions must be in the log before the end of the log
    // is taken, for the shard decides nothing before it has read up to there.
    await relay.drain()
    const bounds = await logBounds(partition)
    const lane = openLane(store, bounds, {
      onOutbox: (page) => relay.take(page),
      onBroken: (error) => this.options.onFatal(error),
      seek: (topic, offset) => this.consumer?.seek({ topic, partition, offset }),
    })
    this.shards.set(partition, { lane, relay, sweep: openSweep(store, lane) })
    return bounds.map(({ topic }) => ({ topic, partition, offset: lane.nextOffset(topic) }))
  }

  private async close(partition: number): Promise<void> {
    const shard = this.shards.get(partition)
    if (shard === undefined) return
    this.shards.delete(partition)
    try {
      await withinMs(shard.lane.drain(), DRAIN_MS)
    } finally {
      shard.lane.close()
      await withinMs(shard.relay.stop(), DRAIN_MS)
    }
  }

  private seekBack({ topic, partition }: ShardBatch, { lane }: Shard): void {
    this.consumer?.seek({ topic, partition, offset: lane.nextOffset(topic) })
    this.consumer?.pause(partition)
  }

  private inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const turns = this.turns.get(partition) ?? new Turns()
    this.turns.set(partition, turns)
    return turns.take(work)
  }

  private recover(partition: number, refused: Shard): Promise<void> {
    return this.inTurn(partition, () => this.recoverNow(partition, refused))
  }

  /** After a refusal: nothing in memory is worth anything. */
  private async recoverNow(partition: number, refused: Shard): Promise<void> {
    if (this.shards.get(partition) !== refused || !refused.lane.wasRefused) return
    if (!(await this.consumer?.isMember())) {
      this.options.log.warn({ partition }, 'a shard went to another owner; waiting for the group')
      return
    }
    this.shards.delete(partition)
    refused.lane.close()
    await refused.relay.stop()
    for (const position of await this.open(partition)) this.consumer?.seek(position)
    this.options.log.info({ partition }, 'a shard was read anew from Redis')
  }

  private async keepAppointments(): Promise<void> {
    await Promise.all(
      [...this.shards].map(async ([partition, shard]) => {
        while (this.shards.get(partition) === shard) {
          if (shard.lane.wasRefused) return this.recover(partition, shard)
          await shard.relay.hasRoom()
          if ((await shard.lane.lookAtDue()) < this.options.lookLimit) return shard.sweep.step()
        }
      }),
    )
  }

  private committedOffsets(): Position[] {
    return [...this.shards].flatMap(([partition, { lane }]) =>
      [...lane.committed].map(([topic, offset]) => ({ topic, partition, offset })),
    )
  }
}

function requireSameCount({ claimed, partition }: ShardStore, count: number, topics: readonly string[]): void {
  if (claimed.partitionCount === undefined || claimed.partitionCount === count) return
  throw new HoldfastError({
    code: 'KAFKA_PARTITIONS_CHANGED',
    message: `the input topics (${topics.join(', ')}) have ${count} partitions, but the state of shard ${partition} was built from ${claimed.partitionCount}: customers would be looked for in the wrong shard`,
    cure: `give the topics ${claimed.partitionCount} partitions again, or run "holdfast rebuild" into a new key prefix (KEY_PREFIX).`,
  })
}

async function withinMs(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
