import type { WorklistBand } from '@holdfast/contracts'
import { PackedList, Packer, type Packing } from './pack.ts'

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

/** A list that a commit writes, again where it has to be tried again; one that is long had better be packed as it grows. */
export type Written<T> = readonly T[] | PackedList<T>

/** Everything that one commit writes. */
export interface ShardChange {
  /** Each customer once: of two writes only the later one would stand. */
  readonly customers: Written<CustomerWrite>
  /** JSON by customer. */
  readonly profiles: ReadonlyMap<string, string>
  /** Changes by counter. */
  readonly counters: ReadonlyMap<string, number>
  readonly outbox: Written<OutboxEntry>
  /** Fields of meta: see `shard-meta.ts`. */
  readonly meta: Readonly<Record<string, string>>
}

/** By code. */
const WORKLISTS = ['keep', 'none', 'at_risk', 'lapsed'] as const satisfies readonly CustomerWrite['worklist'][]

const CUSTOMER: Packing<CustomerWrite> = {
  pack(packer, { id, state, due, worklist, priority, erased }) {
    packer.u8(due === undefined ? 0 : 1)
    packer.u8(WORKLISTS.indexOf(worklist))
    packer.u8(erased ? 1 : 0)
    packer.f64(due ?? 0)
    packer.f64(priority)
    packer.text16(id)
    packer.raw16(state)
  },
  unpack(unpacker) {
    const hasDue = unpacker.u8() === 1
    const worklist = WORKLISTS[unpacker.u8()]!
    const erased = unpacker.u8() === 1
    const due = unpacker.f64()
    const priority = unpacker.f64()
    const id = unpacker.text16()
    const state = unpacker.raw16()
    return { id, state, due: hasDue ? due : undefined, worklist, priority, erased }
  },
}

const ENTRY: Packing<OutboxEntry> = {
  pack(packer, { kind, header, value }) {
    packer.text8(kind)
    packer.text32(header)
    packer.raw32(value)
  },
  unpack(unpacker) {
    const text = unpacker.text8()
    const kind = OUTBOX_KINDS.find((known) => known === text)!
    const header = unpacker.text32()
    return { kind, header, value: unpacker.raw32() }
  },
}

/** Customers that a commit will write, each once. A list that is packed already is returned itself, here and below. */
export function packedCustomers(customers: Written<CustomerWrite> = []): PackedList<CustomerWrite> {
  return packedList(CUSTOMER, customers)
}

/** Entries that a commit will put into the outbox, in this order. */
export function packedEntries(entries: Written<OutboxEntry> = []): PackedList<OutboxEntry> {
  return packedList(ENTRY, entries)
}

function packedList<T>(packing: Packing<T>, items: Written<T>): PackedList<T> {
  if (items instanceof PackedList) return items
  const list = new PackedList(packing)
  for (const item of items) list.add(item)
  return list
}

/** The arguments of the commit script for a change: customers, profiles, counters, outbox, then pairs for meta. */
export function packChange(change: ShardChange): (Buffer | string)[] {
  return [
    packedCustomers(change.customers).bytes,
    packProfiles(change.profiles),
    packCounters(change.counters),
    packedEntries(change.outbox).bytes,
    ...Object.entries(change.meta).flat(),
  ]
}

function packProfiles(profiles: ReadonlyMap<string, string>): Buffer {
  const packer = new Packer()
  for (const [id, profile] of profiles) {
    packer.text16(id)
    packer.text32(profile)
  }
  return packer.packed
}

function packCounters(counters: ReadonlyMap<string, number>): Buffer {
  const packer = new Packer()
  for (const [name, change] of counters) {
    if (change === 0) continue
    packer.f64(change)
    packer.text16(name)
  }
  return packer.packed
}
