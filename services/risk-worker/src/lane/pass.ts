import {
  addCounterChanges,
  type CustomerEvent,
  counted,
  foldProfile,
  type Profile,
  type ProfileUpdated,
} from '@holdfast/core'
import { type CustomerWrite, type PackedList, packedCustomers, type ShardReader } from '@holdfast/platform'
import { z } from 'zod'
import { customerWrite } from './customer-write.ts'
import { type FoldCounts, type Hand, takeUp } from './hand.ts'
import type { Unfolded } from './unfolded.ts'

const profileSchema = z.record(z.string(), z.tuple([z.string(), z.number(), z.number()]))

export interface PassOptions {
  /** Answers with what the last commit has written. */
  readonly reader: Pick<ShardReader, 'states' | 'profiles'>
  /** Entries kept of each timeline; 0 keeps none. */
  readonly timelineLength: number
}

/** Begins to write all that waits, and these customers as well, each once; all their states are read in one go. */
export async function beginPass(unfolded: Unfolded, ids: readonly string[], options: PassOptions): Promise<Pass> {
  const customers = [...new Set([...unfolded.customers, ...ids])]
  const states = await options.reader.states(customers)
  const profiles = await foldProfiles(unfolded.profileUpdates, options.reader)
  return new Pass(customers, states, unfolded.byCustomer(), profiles, options.timelineLength)
}

/**
 * What one commit writes of customers, while it is being made. No state is kept from one commit to the next: thirty objects in
 * as many places of the memory take longer to go through than a few bytes to read and decode.
 */
export class Pass {
  readonly customers: PackedList<CustomerWrite> = packedCustomers()
  readonly counters = new Map<string, number>()
  /** Of the customers written, how many were looked at. */
  looked = 0
  /** Spent taking customers up. */
  foldSeconds = 0
  readonly counts: FoldCounts = {
    purchases: { folded: 0, duplicate: 0 },
    support: { folded: 0, duplicate: 0 },
    engagement: { folded: 0, duplicate: 0 },
    profile: { folded: 0, duplicate: 0 },
    actions: { folded: 0, duplicate: 0 },
  }
  private taken = 0

  constructor(
    private readonly ids: readonly string[],
    private readonly states: readonly (Uint8Array | null)[],
    private readonly eventsOf: (place: number) => readonly CustomerEvent[],
    readonly profiles: Map<string, string>,
    private readonly timelineLength: number,
  ) {}

  /** Takes up the next customers, with their events folded; none when all were. */
  takeUp(most: number): readonly Hand[] {
    const startedAt = performance.now()
    const hands: Hand[] = []
    for (; hands.length < most && this.taken < this.ids.length; this.taken++) {
      const id = this.ids[this.taken]!
      hands.push(takeUp(id, this.states[this.taken] ?? undefined, this.eventsOf(this.taken), this.counts))
    }
    this.foldSeconds += (performance.now() - startedAt) / 1_000
    return hands
  }

  /**
   * Puts customers down as they are to be written; those who did not change are left as they are.
   * @param now ms in domain time
   */
  putDown(hands: readonly Hand[], now: number): void {
    for (const hand of hands) {
      if (hand.state.erased) this.profiles.delete(hand.id)
      if (!hand.isChanged) continue
      if (hand.nextLook !== 'unseen') this.looked++
      addCounterChanges(hand.before, counted(hand.state), this.add)
      this.customers.add(customerWrite(hand, this.timelineLength, now))
    }
  }

  private readonly add = (counter: string, amount: number): void => {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + amount)
  }
}

/** Lays updates over what is stored; as JSON, by customer. */
async function foldProfiles(
  updates: readonly ProfileUpdated[],
  reader: Pick<ShardReader, 'profiles'>,
): Promise<Map<string, string>> {
  const ids = [...new Set(updates.map(({ customerId }) => customerId))]
  const stored = ids.length === 0 ? [] : await reader.profiles(ids)
  const profiles = new Map<string, Profile>(
    ids.map((id, i) => [id, stored[i] ? (profileSchema.parse(JSON.parse(stored[i].toString())) as Profile) : {}]),
  )
  for (const event of updates) profiles.set(event.customerId, foldProfile(profiles.get(event.customerId)!, event))
  return new Map([...profiles].map(([id, profile]) => [id, JSON.stringify(profile)]))
}
