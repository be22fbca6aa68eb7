import type { WorklistBand } from '@holdfast/contracts'
import { Packer } from './pack.ts'

/** What a commit writes of one customer. */
export interface CustomerWrite {
  readonly id: string
  /** The state, and behind it the timeline. */
  readonly state: Uint8Array
  /** Next appointment, ms in domain time; undefined for none. */
  readonly due: number | undefined
  /** The worklist that the customer stands on now; `keep` leaves it as it is. */
  readonly worklist: WorklistBand | 'none' | 'keep'
  /** Rank on the worklist: expected loss, minor units. */
  readonly priority: number
  /** Whether the profile goes for good. */
  readonly erased: boolean
}

export const OUTBOX_KINDS = ['job', 'dead-letter', 'republish', 'risk-change', 'action-event'] as const
export type OutboxKind = (typeof OUTBOX_KINDS)[number]

/** What must still leave the shard. `header` is a text whose shape depends on the kind; `value` goes out byte for byte. */
export interface OutboxEntry {
  readonly kind: OutboxKind
  readonly header: string
  readonly value: Buffer
}

/** Everything that one commit writes. */
export interface ShardChange {
  /** Each customer once: of two writes only the later one would stand. */
  readonly customers: readonly CustomerWrite[]
  /** JSON by customer. */
  readonly profiles: ReadonlyMap<string, string>
  /** Changes by counter. */
  readonly counters: ReadonlyMap<string, number>
  readonly outbox: readonly OutboxEntry[]
  /** Fields of meta: see `shard-meta.ts`. */
  readonly meta: Readonly<Record<string, string>>
}

const WORKLIST_CODES: Readonly<Record<CustomerWrite['worklist'], number>> = { keep: 0, none: 1, at_risk: 2, lapsed: 3 }

/** Bytes of a packed customer beside the state, with an id of ordinary length. */
const BESIDE_STATE = 64

/** The arguments of the commit script for a change: customers, profiles, counters, outbox, then pairs for meta. */
export function packChange(change: ShardChange): (Buffer | string)[] {
  return [
    packCustomers(change.customers),
    packProfiles(change.profiles),
    packCounters(change.counters),
    packOutbox(change.outbox),
    ...Object.entries(change.meta).flat(),
  ]
}

function packCustomers(customers: readonly CustomerWrite[]): Buffer {
  let bytes = 64
  for (const { state } of customers) bytes += state.length + BESIDE_STATE
  const packer = new Packer(bytes)
  for (const { id, state, due, worklist, priority, erased } of customers) {
    packer.u8(due === undefined ? 0 : 1)
    packer.u8(WORKLIST_CODES[worklist])
    packer.u8(erased ? 1 : 0)
    packer.f64(due ?? 0)
    packer.f64(priority)
    packer.text16(id)
    packer.raw16(state)
  }
  return packer.take()
}

function packProfiles(profiles: ReadonlyMap<string, string>): Buffer {
  const packer = new Packer(256)
  for (const [id, profile] of profiles) {
    packer.text16(id)
    packer.text32(profile)
  }
  return packer.take()
}

function packCounters(counters: ReadonlyMap<string, number>): Buffer {
  const packer = new Packer(1_024)
  for (const [name, change] of counters) {
    if (change === 0) continue
    packer.f64(change)
    packer.text16(name)
  }
  return packer.take()
}

function packOutbox(entries: readonly OutboxEntry[]): Buffer {
  const packer = new Packer(entries.length * 512 + 64)
  for (const { kind, header, value } of entries) {
    packer.text8(kind)
    packer.text32(header)
    packer.raw32(value)
  }
  return packer.take()
}
