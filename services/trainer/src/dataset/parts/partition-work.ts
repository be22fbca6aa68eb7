import type { Decode } from '@holdfast/contracts'
import type { Role } from '@holdfast/core'
import type { KafkaRecord, Position } from '@holdfast/platform'
import { createCounting } from '../../source/counting.ts'
import type { SourceCounts } from '../../source/event-source.ts'
import { isAtHome, recordTimeOf } from '../../source/topic-records.ts'
import { createSnapshots, type RowsRequest, type Snapshots } from '../snapshots.ts'
import type { Plan } from './plan.ts'

/** One partition of all input topics on its way into a part. What was taken stays taken, whoever owns the partition meanwhile. */
export interface PartitionWork {
  readonly partition: number
  readonly snapshots: Snapshots
  counts(): SourceCounts
  /** Where reading goes on, for every topic. */
  positions(): readonly Position[]
  take(topic: string, records: readonly KafkaRecord[], nextOffset: number): void
  /** Records of this partition read so far. */
  readonly read: number
  isComplete(): boolean
}

export interface WorkOptions {
  readonly plan: Plan
  readonly roles: ReadonlyMap<string, Role>
  readonly decode: Decode
  readonly request: RowsRequest
}

export function createPartitionWork(partition: number, { plan, roles, decode, request }: WorkOptions): PartitionWork {
  const snapshots = createSnapshots(request)
  const counting = createCounting()
  const ends = new Map(plan.ends.filter((end) => end.partition === partition).map((end) => [end.topic, end]))
  const next = new Map([...ends].map(([topic, { low }]) => [topic, low]))
  let read = 0
  return {
    partition,
    snapshots,
    counts: counting.counts,
    positions: () => [...next].map(([topic, offset]) => ({ topic, partition, offset })),
    get read() {
      return read
    },
    take(topic, records, nextOffset) {
      const role = roles.get(topic)
      const end = ends.get(topic)
      const from = next.get(topic)
      if (role === undefined || end === undefined || from === undefined) return
      for (const { offset, key, value, timestamp, headers } of records) {
        if (offset < from || offset >= end.high) continue
        read++
        if (!isAtHome({ key, value, partition }, plan.partitions)) continue
        const decoded = decode(role, value, recordTimeOf(headers, timestamp))
        const event = counting.take(decoded, value, () => `${topic}, partition ${partition}, offset ${offset}`)
        if (event !== undefined) snapshots.add(event)
      }
      next.set(topic, Math.max(from, nextOffset))
    },
    isComplete: () => [...ends].every(([topic, { high, low }]) => high === low || (next.get(topic) ?? 0) >= high),
  }
}
