import { WORKLIST_BANDS, type WorklistBand } from '@holdfast/contracts'
import { type Band, encodeState, encodeTimeline, ROLES, type Role, TIMELINE_ENTRY_BYTES } from '@holdfast/core'
import {
  asError,
  type Clock,
  type CustomerWrite,
  HoldfastError,
  type LogBounds,
  type Logger,
  metaFields,
  type OutboxEntry,
  partitionCountField,
  type ShardBatch,
  type ShardChange,
  type ShardStore,
} from '@holdfast/platform'
import type { createIntakeStep } from './intake.ts'
import type { createLookStep } from './look.ts'
import { riskForgotten } from './outgoing.ts'
import { type Touched, WorkingSet } from './working-set.ts'

/** What a lane tells whoever watches. */
export interface LaneEvents {
  onIntake(topic: string, counts: Readonly<Record<string, number>>, seconds: number): void
  onCommitted(customers: number, looked: number, seconds: number): void
  onOutbox(): void
  onRefused(reason: 'owner' | 'number'): void
}

export interface LaneOptions {
  readonly store: ShardStore
  /** Topics of the roles. */
  readonly topics: Readonly<Record<Role, string>>
  readonly partitionCount: number
  /** Where the log of each topic began and ended when the shard was claimed. */
  readonly logBounds: readonly LogBounds[]
  readonly intake: ReturnType<typeof createIntakeStep>
  readonly look: ReturnType<typeof createLookStep>
  readonly clock: Clock
  readonly log: Logger
  /** States kept in memory. */
  readonly cacheCustomers: number
  /** Entries kept of each timeline; 0 keeps none. */
  readonly timelineLength: number
  /** Customers looked at in one go when their appointments are due. */
  readonly lookLimit: number
  /** Only folds: nobody is looked at, and what would leave is dropped, because whoever folded the log first has sent it. */
  readonly foldsOnly?: boolean
  readonly events: LaneEvents
  /** Whether so many records may be taken, the invalid ones at these places; false: stop before anything of them is written. */
  admit(records: number, invalidAt: readonly number[]): boolean
  seek(topic: string, offset: number): void
}

/** How a batch ended. `refused`: the shard is not ours as we knew it, and this lane is of no use any more. */
export type TakeOutcome = 'taken' | 'sought' | 'not_admitted' | 'refused'

const CONFIRM_EVERY_MS = 1_000

/** Longest pause between two attempts of a commit that Redis cannot take, ms. */
const LONGEST_RETRY_MS = 5_000

/**
 * One shard in the hands of its owner: takes batches, folds them, looks at customers when caught up, and commits state, offsets
 * and intents together. Work on a shard is one thing at a time; only the commit of the last batch runs on while the next one is
 * decoded and folded.
 */
export class ShardLane {
  private readonly set: WorkingSet
  private readonly roleOf: ReadonlyMap<string, Role>
  private readonly offsets: Map<string, number>
  private readonly origins: Map<string, number>
  private readonly ends: Map<string, number>
  /** Topics that were read again from the stored offset: what comes first then is what there is. */
  private readonly soughtAgain = new Set<string>()
  private number: number
  private outbox: OutboxEntry[] = []
  /** The tail of what was asked of the lane. */
  private tail: Promise<unknown> = Promise.resolve()
  private committing: Promise<void> = Promise.resolve()
  /** Whether a commit was refused: then all that is in memory is worth nothing. */
  wasRefused = false
  private isClosed = false
  private confirmedAt = 0
  /** Offsets of the last commit that Redis confirmed. */
  committed: ReadonlyMap<string, number>

  constructor(private readonly options: LaneOptions) {
    const { store, topics, logBounds } = options
    this.set = new WorkingSet(store, options.cacheCustomers)
    this.roleOf = new Map(ROLES.map((role) => [topics[role], role]))
    this.offsets = new Map(store.claimed.offsets)
    this.origins = new Map(store.claimed.origins)
    // Of a log of which nothing was read yet, what was deleted long ago is nothing to read.
    for (const { topic, low } of logBounds) if (!this.offsets.has(topic)) this.offsets.set(topic, low)
    this.ends = new Map(logBounds.map(({ topic, high }) => [topic, high]))
    this.number = store.claimed.number
    this.committed = new Map(this.offsets)
  }

  get partition(): number {
    return this.options.store.partition
  }

  get cachedStates(): number {
    return this.set.cached
  }

  /** Records between what is committed and the end of the log, as far as it is known, by topic. */
  lag(): ReadonlyMap<string, number> {
    return new Map(
      [...this.roleOf.keys()].map((topic) => [
        topic,
        Math.max(0, (this.ends.get(topic) ?? 0) - (this.committed.get(topic) ?? 0)),
      ]),
    )
  }

  /** Appointments that are overdue, and entries that still have to leave. */
  async backlog(): Promise<{ overdue: number; outbox: number }> {
    const { store, clock } = this.options
    const [overdue, outbox] = await Promise.all([store.overdue(clock.now()), store.outboxLength()])
    return { overdue, outbox }
  }

  /** Number of the last commit that Redis confirmed. */
  get commitNumber(): number {
    return this.number
  }

  /** Whether all topics are read to the end that is known: only then a shard decides. */
  isCaughtUp(): boolean {
    for (const topic of this.roleOf.keys()) {
      if ((this.offsets.get(topic) ?? 0) < (this.ends.get(topic) ?? 0)) return false
    }
    return true
  }

  /** Offset of the next record to fold of a topic. */
  nextOffset(topic: string): number {
    return this.offsets.get(topic) ?? 0
  }

  /** Folds a batch and sends its commit on the way; resolves when the next batch may come. */
  take(batch: ShardBatch): Promise<TakeOutcome> {
    return this.oneAtATime(() => this.takeNow(batch))
  }

  /** Offsets that hold no record for us were passed. */
  skipTo(topic: string, offset: number, end: number): void {
    this.ends.set(topic, Math.max(end, this.ends.get(topic) ?? 0))
    if (offset > (this.offsets.get(topic) ?? 0)) this.offsets.set(topic, offset)
  }

  /** Looks at customers whose appointment is due. Returns how many there were; `lookLimit` means there may be more. */
  lookAtDue(): Promise<number> {
    return this.oneAtATime(() => this.lookAtDueNow())
  }

  /** Resolves when all that was taken is committed, or cannot be. */
  async drain(): Promise<void> {
    await this.tail
    await this.committing
  }

  /** From here on nothing is written any more; what was not committed is as if it had not been read. */
  close(): void {
    this.isClosed = true
  }

  private get isUsable(): boolean {
    return !this.isClosed && !this.wasRefused
  }

  private oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.tail.then(work)
    this.tail = done.catch(() => {})
    return done
  }

  private async takeNow(batch: ShardBatch): Promise<TakeOutcome> {
    if (!this.isUsable) return 'refused'
    const { topic } = batch
    const role = this.roleOf.get(topic)
    if (role === undefined) throw new Error(`no role for topic ${topic}`)
    const from = this.offsets.get(topic) ?? 0
    if (batch.firstOffset > from && batch.expectedOffset > from && !this.soughtAgain.has(topic)) {
      this.soughtAgain.add(topic)
      this.options.seek(topic, from)
      return 'sought'
    }
    this.soughtAgain.delete(topic)
    // Also of a batch that is not admitted: whoever has not read it must not decide.
    this.ends.set(topic, Math.max(batch.highWatermark, this.ends.get(topic) ?? 0))

    const startedAt = performance.now()
    const records = batch.firstOffset >= from ? batch.records : batch.records.filter(({ offset }) => offset >= from)
    const { events, strangers, outbox, origins, counts, invalidAt } = this.options.intake(records, {
      topic,
      role,
      partition: this.partition,
      origins: this.origins,
      isKnown: (id) => this.set.has(id),
    })
    if (!this.options.admit(records.length, invalidAt)) return 'not_admitted'

    await this.set.load(strangers)
    let folded = 0
    for (const event of events) if (this.set.fold(event)) folded++
    if (role === 'profile') await this.set.foldProfiles(events)
    if (!this.options.foldsOnly) this.outbox.push(...outbox)
    for (const [key, offset] of origins) this.origins.set(key, offset)
    this.offsets.set(topic, Math.max(from, batch.lastOffset + 1))
    const { event: _, ...others } = counts
    this.options.events.onIntake(
      topic,
      { ...others, folded, duplicate: events.length - folded },
      (performance.now() - startedAt) / 1_000,
    )
    if (!this.options.foldsOnly && this.isCaughtUp()) this.lookAtTouched()
    await this.commit()
    return this.isUsable ? 'taken' : 'refused'
  }

  private async lookAtDueNow(): Promise<number> {
    await this.confirmOwnership()
    if (!this.isUsable || !this.isCaughtUp()) return 0
    const { store, clock, lookLimit } = this.options
    const ids = await store.due(clock.now(), lookLimit)
    if (ids.length === 0) return 0
    await this.set.load(ids)
    this.lookAt(ids)
    await this.commit()
    return ids.length
  }

  /**
   * A shard without events makes no commit that could be refused: so now and then it asks whether it still would be taken. Not
   * so after a rebuild has turned the shard to another generation, or when Redis is an older self.
   */
  private async confirmOwnership(): Promise<void> {
    const now = performance.now()
    if (now - this.confirmedAt < CONFIRM_EVERY_MS) return
    this.confirmedAt = now
    await this.committing
    if (!this.isUsable || (await this.options.store.accepts(this.number))) return
    this.wasRefused = true
    this.options.log.warn({ partition: this.partition }, 'the shard has another owner or another past: it is read anew')
  }

  private lookAtTouched(): void {
    const ids: string[] = []
    for (const { id, nextLook } of this.set.touchedCustomers()) if (nextLook === 'unseen') ids.push(id)
    this.lookAt(ids)
  }

  private lookAt(ids: readonly string[]): void {
    const customers = ids.map((id) => [id, this.set.state(id)] as const).filter(([, state]) => !state.erased)
    for (const { id, evaluation, entry, outbox } of this.options.look(customers, this.options.clock.now())) {
      this.set.look(id, evaluation.state, evaluation.nextLookAt, entry)
      this.outbox.push(...outbox)
    }
  }

  /** Sends what is in hand on its way. Waits for the commit before it, so that there is never more than one under way. */
  private async commit(): Promise<void> {
    await this.committing
    if (!this.isUsable) return
    this.set.trim()
    const { touched, profiles, counters } = this.set.take()
    const customers = touched.map((customer) => this.write(customer))
    for (const { id, before, after } of touched) {
      if (after.erased && before.decided !== undefined) this.outbox.push(riskForgotten(id))
    }
    const change: ShardChange = {
      customers,
      profiles,
      counters,
      outbox: this.outbox,
      meta: { ...metaFields(this.offsets, this.origins), ...partitionCountField(this.options.partitionCount) },
    }
    this.outbox = []
    const looked = touched.reduce((sum, { nextLook }) => sum + (nextLook === 'unseen' ? 0 : 1), 0)
    this.committing = this.send(change, looked)
  }

  private async send(change: ShardChange, looked: number): Promise<void> {
    const { store, events, timelineLength, log } = this.options
    const startedAt = performance.now()
    for (let attempt = 1; this.isUsable; attempt++) {
      try {
        const outcome = await store.commit(this.number, change, timelineLength * TIMELINE_ENTRY_BYTES)
        if (outcome.kind === 'refused') {
          this.wasRefused = true
          events.onRefused(outcome.reason)
          log.warn(
            { partition: this.partition, ...outcome },
            'a commit was refused: what was not committed is read again',
          )
          return
        }
        this.number = outcome.number
        this.committed = new Map([...this.committed, ...offsetsOf(change, this.roleOf.keys())])
        events.onCommitted(change.customers.length, looked, (performance.now() - startedAt) / 1_000)
        if (change.outbox.length > 0) events.onOutbox()
        return
      } catch (thrown) {
        const err =
          thrown instanceof HoldfastError && thrown.cause !== undefined ? asError(thrown.cause) : asError(thrown)
        log.error(
          { err, partition: this.partition, attempt },
          'Redis cannot take a commit; it is tried again until it can',
        )
        await pause(Math.min(LONGEST_RETRY_MS, 100 * 2 ** Math.min(attempt, 10)))
      }
    }
  }

  private write({ id, after: state, nextLook, timeline }: Touched): CustomerWrite {
    const { timelineLength } = this.options
    const seen = timelineLength === 0 ? [] : timeline.length > 1 ? timeline.slice(-timelineLength).reverse() : timeline
    return {
      id,
      state: encodeState(state),
      // Behind on the log nobody looked: the customer is due at once, and is looked at when the shard has caught up.
      due:
        state.erased || nextLook === 'never' ? undefined : nextLook === 'unseen' ? this.options.clock.now() : nextLook,
      worklist: state.erased ? 'none' : nextLook === 'unseen' ? 'keep' : worklistOf(state.decided?.band),
      priority: state.decided?.expectedLossMinor ?? 0,
      timeline: encodeTimeline(seen),
      erased: state.erased,
    }
  }
}

function worklistOf(band: Band | undefined): WorklistBand | 'none' {
  return WORKLIST_BANDS.find((listed) => listed === band) ?? 'none'
}

function offsetsOf({ meta }: ShardChange, topics: Iterable<string>): [string, number][] {
  return [...topics].flatMap((topic) => {
    const offset = meta[`offset:${topic}`]
    return offset === undefined ? [] : [[topic, Number(offset)] as [string, number]]
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
