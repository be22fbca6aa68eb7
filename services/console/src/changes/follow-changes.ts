import { riskChangeSchema } from '@holdfast/contracts'
import {
  type AdminConnection,
  type createKafka,
  createShardConsumer,
  type KafkaRecord,
  type Logger,
  logBounds,
  type Position,
  type Stoppable,
} from '@holdfast/platform'
import type { ChangeRing } from './ring.ts'

export interface FollowOptions {
  readonly kafka: ReturnType<typeof createKafka>
  readonly admin: AdminConnection['admin']
  readonly log: Logger
  /** Of band changes. */
  readonly topic: string
  /** A group of this process alone, for it reads all partitions; it commits nothing, so Kafka forgets it. */
  readonly groupId: string
  readonly ring: ChangeRing
  readonly onChange: (outcome: 'taken' | 'invalid') => void
  readonly onFatal: (error: Error) => void
}

export interface FollowedChanges extends Stoppable {
  /** Whether changes arrive now. */
  isReading(): boolean
}

/** Puts every band change from now on into the ring. */
export async function followChanges(options: FollowOptions): Promise<FollowedChanges> {
  const { kafka, admin, log, topic, groupId, ring, onChange, onFatal } = options
  /** Where we are; a new assignment goes on from there. */
  const reached = new Map<number, number>()
  let reading = false
  const consumer = createShardConsumer({
    kafka,
    log,
    groupId,
    topics: [topic],
    async onAssigned(partitions): Promise<Position[]> {
      const ends = new Map((await logBounds(admin, [topic])).map(({ partition, high }) => [partition, high]))
      for (const partition of partitions) {
        if (!reached.has(partition)) reached.set(partition, ends.get(partition) ?? 0)
      }
      reading = true
      return partitions.map((partition) => ({ topic, partition, offset: reached.get(partition) ?? 0 }))
    },
    async onRevoked() {
      reading = false
    },
    async onBatch({ partition, records, lastOffset }) {
      for (const record of records) onChange(take(record, ring))
      reached.set(partition, lastOffset + 1)
    },
    onFatal,
    onCrash(_, { willRestart }) {
      reading = false
      if (!willRestart) onFatal(new Error('the consumer of band changes has ended'))
    },
  })
  await consumer.start()
  return { isReading: () => reading, stop: () => consumer.stop() }
}

/** A record of the topic of band changes; what is none of ours is passed over. */
export function take({ key, value }: Pick<KafkaRecord, 'key' | 'value'>, ring: ChangeRing): 'taken' | 'invalid' {
  if (value === null) {
    if (key === null) return 'invalid'
    ring.push('forgotten', JSON.stringify({ customer: key.toString() }))
    return 'taken'
  }
  const parsed = riskChangeSchema.safeParse(jsonOf(value))
  if (!parsed.success) return 'invalid'
  const { subject: customer, time: evaluatedAt, data } = parsed.data
  const { expectedLossMinor: amountMinor, currency, ...rest } = data
  ring.push('risk_changed', JSON.stringify({ customer, evaluatedAt, ...rest, expectedLoss: { amountMinor, currency } }))
  return 'taken'
}

function jsonOf(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString())
  } catch {
    return undefined
  }
}
