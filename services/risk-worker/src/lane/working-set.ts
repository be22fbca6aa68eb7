import {
  addCounterChanges,
  type CustomerEvent,
  type CustomerState,
  decodeState,
  EMPTY_STATE,
  fold,
  foldProfile,
  type Profile,
  type TimelineEntry,
} from '@holdfast/core'
import type { ShardReader } from '@holdfast/platform'
import { z } from 'zod'

/** A customer whose state was changed since the last commit was packed. */
export interface Touched {
  readonly id: string
  /** As the last packed commit left it. */
  readonly before: CustomerState
  /** Since then, newest last. */
  readonly timeline: TimelineEntry[]
  /** Of the last look since then: the next appointment; `unseen` while nobody has looked. */
  nextLook: number | 'never' | 'unseen'
}

const profileSchema = z.record(z.string(), z.tuple([z.string(), z.number(), z.number()]))

/**
 * The states in hand: those touched since the last commit, and a cache of hot ones, which is right as long as the shard has
 * one writer. Whoever is refused a commit drops all of it.
 */
export class WorkingSet {
  /** In order of arrival. */
  private readonly states = new Map<string, CustomerState>()
  private touched = new Map<string, Touched>()
  private profiles = new Map<string, Profile>()
  /** Those of the last commit: it may still be under way, and then Redis does not know them yet. */
  private profilesUnderWay: ReadonlyMap<string, Profile> = new Map()

  constructor(
    private readonly reader: Pick<ShardReader, 'states' | 'profiles'>,
    private readonly capacity: number,
  ) {}

  get cached(): number {
    return this.states.size
  }

  get touchedCount(): number {
    return this.touched.size
  }

  has(id: string): boolean {
    return this.states.has(id)
  }

  state(id: string): CustomerState {
    return this.states.get(id) ?? EMPTY_STATE
  }

  touchedCustomers(): Iterable<Touched> {
    return this.touched.values()
  }

  /** Brings the states of these customers into the set, with one read for all that are missing. */
  async load(ids: Iterable<string>): Promise<void> {
    const missing: string[] = []
    for (const id of ids) {
      if (!this.states.has(id)) missing.push(id)
    }
    if (missing.length === 0) return
    const stored = await this.reader.states(missing)
    for (let i = 0; i < missing.length; i++) {
      const bytes = stored[i]
      this.states.set(missing[i]!, bytes === null || bytes === undefined ? EMPTY_STATE : decodeState(bytes))
    }
  }

  /** Folds an event of a loaded customer. Returns whether it changed anything: a duplicate does not. */
  fold(event: CustomerEvent): boolean {
    const before = this.state(event.customerId)
    const after = fold(before, event)
    if (after === before) return false
    this.touch(event.customerId).timeline.push({ kind: event.type, time: event.time, detail: detailOf(event) })
    this.states.set(event.customerId, after)
    return true
  }

  /** Puts what a look found in place of a loaded customer's state. */
  look(id: string, after: CustomerState, nextLook: number | undefined, entry: TimelineEntry | undefined): void {
    const touched = this.touch(id)
    touched.nextLook = nextLook ?? 'never'
    if (entry !== undefined) touched.timeline.push(entry)
    this.states.set(id, after)
  }

  /** Folds the profile updates among these events; the profiles of their customers are read once. */
  async foldProfiles(events: readonly CustomerEvent[]): Promise<void> {
    const updates = events.filter((event) => event.type === 'profile.updated')
    const missing: string[] = []
    for (const id of new Set(updates.map(({ customerId }) => customerId))) {
      const underWay = this.profilesUnderWay.get(id)
      if (this.profiles.has(id)) continue
      if (underWay === undefined) missing.push(id)
      else this.profiles.set(id, underWay)
    }
    const stored = await this.reader.profiles(missing)
    missing.forEach((id, i) => {
      const bytes = stored[i]
      this.profiles.set(id, bytes ? (profileSchema.parse(JSON.parse(bytes.toString())) as Profile) : {})
    })
    for (const event of updates) {
      if (this.state(event.customerId).erased) this.profiles.delete(event.customerId)
      else this.profiles.set(event.customerId, foldProfile(this.profiles.get(event.customerId) ?? {}, event))
    }
  }

  /** Hands over what was touched, for a commit, when the one before it has ended; from here on it counts as written. */
  take(): { touched: readonly Touched[]; profiles: ReadonlyMap<string, string>; counters: Map<string, number> } {
    const touched = [...this.touched.values()]
    const profiles = new Map<string, string>()
    for (const [id, profile] of this.profiles) if (!this.state(id).erased) profiles.set(id, JSON.stringify(profile))
    const counters = new Map<string, number>()
    const add = (counter: string, amount: number): void => {
      counters.set(counter, (counters.get(counter) ?? 0) + amount)
    }
    for (const { id, before } of touched) addCounterChanges(before, this.state(id), add)
    this.touched = new Map()
    this.profilesUnderWay = this.profiles
    this.profiles = new Map()
    return { touched, profiles, counters }
  }

  /**
   * Lets the longest held states go, down to the capacity. Only between commits: a state that a commit under way still has to
   * write must not be read again from Redis.
   */
  trim(): void {
    for (const id of this.states.keys()) {
      if (this.states.size <= this.capacity) return
      if (!this.touched.has(id)) this.states.delete(id)
    }
  }

  private touch(id: string): Touched {
    let touched = this.touched.get(id)
    if (touched === undefined) {
      touched = { id, before: this.state(id), timeline: [], nextLook: 'unseen' }
      this.touched.set(id, touched)
    } else {
      touched.nextLook = 'unseen'
    }
    return touched
  }
}

/** The number that a timeline shows beside an event. */
function detailOf(event: CustomerEvent): number {
  switch (event.type) {
    case 'purchase.completed':
    case 'purchase.refunded':
    case 'purchase.cancelled':
      return event.amountMinor
    case 'survey.responded':
      return event.score
    case 'social.mentioned':
      return event.sentiment
    case 'action.snoozed':
      return event.until
    default:
      return 0
  }
}
