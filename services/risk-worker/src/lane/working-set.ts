import {
  addCounterChanges,
  type Counted,
  type CustomerEvent,
  type CustomerState,
  counted,
  type Decided,
  type Draft,
  decodeState,
  draftOf,
  EMPTY_STATE,
  foldInto,
  foldProfile,
  isUnknown,
  type Profile,
  type TimelineEntry,
} from '@holdfast/core'
import type { ShardReader } from '@holdfast/platform'
import { z } from 'zod'

/** A customer whose state was changed since the last commit was packed. */
export interface Touched {
  readonly id: string
  /** With all that came since. It changes in place: whoever wants it as it is now encodes it now. */
  readonly state: CustomerState
  /** What the counters saw of it as the last packed commit left it. */
  readonly before: Counted
  /** Since then, newest last. */
  readonly timeline: TimelineEntry[]
  /** Of the last look since then: the next appointment; `unseen` while nobody has looked. */
  nextLook: number | 'never' | 'unseen'
}

const profileSchema = z.record(z.string(), z.tuple([z.string(), z.number(), z.number()]))

/** A customer in hand. */
interface Entry {
  readonly id: string
  /** Shares nothing with any other: it is changed in place, so that what lives long is not made anew at every event. */
  readonly state: Draft
  touched: Touched | undefined
}

/**
 * The states in hand: those touched since the last commit, and a cache of hot ones, which is right as long as the shard has
 * one writer. Whoever is refused a commit drops all of it.
 */
export class WorkingSet {
  /** In order of arrival. */
  private readonly entries = new Map<string, Entry>()
  private touched: Entry[] = []
  private profiles = new Map<string, Profile>()
  /** Those of the last commit: it may still be under way, and then Redis does not know them yet. */
  private profilesUnderWay: ReadonlyMap<string, Profile> = new Map()

  constructor(
    private readonly reader: Pick<ShardReader, 'states' | 'profiles'>,
    private readonly capacity: number,
  ) {}

  get cached(): number {
    return this.entries.size
  }

  get touchedCount(): number {
    return this.touched.length
  }

  has(id: string): boolean {
    return this.entries.has(id)
  }

  state(id: string): CustomerState {
    return this.entries.get(id)?.state ?? EMPTY_STATE
  }

  /** Touched customers at whom nobody has looked since. */
  unseen(): string[] {
    const ids: string[] = []
    for (const { id, touched } of this.touched) if (touched?.nextLook === 'unseen') ids.push(id)
    return ids
  }

  /** Brings the states of these customers into the set, with one read for all that are missing. */
  async load(ids: Iterable<string>): Promise<void> {
    const missing: string[] = []
    for (const id of ids) if (!this.entries.has(id)) missing.push(id)
    if (missing.length === 0) return
    const stored = await this.reader.states(missing)
    for (let i = 0; i < missing.length; i++) {
      const id = missing[i]!
      const bytes = stored[i]
      this.hold(id, bytes === null || bytes === undefined ? draftOf(EMPTY_STATE) : decodeState(bytes))
    }
  }

  /** Folds an event of a loaded customer. Returns whether it changed anything: a duplicate does not. */
  fold(event: CustomerEvent): boolean {
    const entry = this.entry(event.customerId)
    const before = entry.touched?.before ?? counted(entry.state)
    if (!foldInto(entry.state, event)) return false
    const touched = this.touch(entry, before)
    touched.nextLook = 'unseen'
    touched.timeline.push({ kind: event.type, time: event.time, detail: detailOf(event) })
    return true
  }

  /** Puts what a look found into a loaded customer's state. */
  look(id: string, decided: Decided, nextLook: number | undefined, line: TimelineEntry | undefined): void {
    const touched = this.decide(this.entry(id), decided)
    touched.nextLook = nextLook ?? 'never'
    if (line !== undefined) touched.timeline.push(line)
  }

  /** What another generation of the shard had decided of a loaded customer, where nothing was decided here yet. */
  adopt(id: string, decided: Decided): void {
    const entry = this.entry(id)
    if (isUnknown(entry.state) || entry.state.erased || entry.state.decided !== undefined) return
    this.decide(entry, decided)
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

  /**
   * Hands over what was touched, for a commit, when the one before it has ended; from here on it counts as written. The states
   * are good until the next event is folded.
   */
  take(): { touched: readonly Touched[]; profiles: ReadonlyMap<string, string>; counters: Map<string, number> } {
    const touched: Touched[] = []
    const profiles = new Map<string, string>()
    for (const [id, profile] of this.profiles) if (!this.state(id).erased) profiles.set(id, JSON.stringify(profile))
    const counters = new Map<string, number>()
    const add = (counter: string, amount: number): void => {
      counters.set(counter, (counters.get(counter) ?? 0) + amount)
    }
    for (const entry of this.touched) {
      const customer = entry.touched!
      entry.touched = undefined
      touched.push(customer)
      addCounterChanges(customer.before, counted(customer.state), add)
    }
    this.touched = []
    this.profilesUnderWay = this.profiles
    this.profiles = new Map()
    return { touched, profiles, counters }
  }

  /**
   * Lets the longest held states go, down to the capacity. Only between commits: a state that a commit under way still has to
   * write must not be read again from Redis.
   */
  trim(): void {
    for (const { id, touched } of this.entries.values()) {
      if (this.entries.size <= this.capacity) return
      if (touched === undefined) this.entries.delete(id)
    }
  }

  private entry(id: string): Entry {
    let entry = this.entries.get(id)
    if (entry === undefined) {
      entry = this.hold(id, draftOf(EMPTY_STATE))
    }
    return entry
  }

  private hold(id: string, state: Draft): Entry {
    const entry: Entry = { id, state, touched: undefined }
    this.entries.set(id, entry)
    return entry
  }

  private decide(entry: Entry, decided: Decided): Touched {
    const before = entry.touched?.before ?? counted(entry.state)
    entry.state.decided = decided
    return this.touch(entry, before)
  }

  private touch(entry: Entry, before: Counted): Touched {
    if (entry.touched === undefined) {
      const { id, state } = entry
      entry.touched = { id, state, before, timeline: [], nextLook: 'unseen' }
      this.touched.push(entry)
    }
    return entry.touched
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
