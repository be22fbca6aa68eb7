import { setImmediate } from 'node:timers/promises'
import type { CustomerState, Decided } from '@holdfast/core'
import { TIMELINE_ENTRY_BYTES } from '@holdfast/core'
import {
  asError,
  HoldfastError,
  modelField,
  type OutboxEntry,
  partitionCountField,
  type ShardBatch,
  type ShardChange,
} from '@holdfast/platform'
import { customerWrite } from './customer-write.ts'
import { LaneOffsets } from './lane-offsets.ts'
import type { LaneOptions, TakeOutcome } from './lane-options.ts'
import { riskForgotten } from './outgoing.ts'
import { WorkingSet } from './working-set.ts'

const CONFIRM_EVERY_MS = 1_000

/** Stands for a model where nobody was looked at yet: everybody is due, so whoever looks first sees everybody. */
export const EVERYONE_DUE = 'none'

/** Looked at in one go; between two such, whatever else waits for this process has its turn. */
const LOOKS_AT_ONCE = 500

/** Longest pause between two attempts of a commit that Redis cannot take, ms. */
const LONGEST_RETRY_MS = 5_000

/**
 * One shard in the hands of its owner: takes batches, folds them, looks at customers when caught up, and commits state, offsets
 * and intents together. Work on a shard is one thing at a time; only the commit of the last batch runs on while the next one is
 * decoded and folded.
 */
export class ShardLane {
  private readonly set: WorkingSet
  private readonly offsets: LaneOffsets
  private number: number
  private outbox: OutboxEntry[] = []
  /** Whether something that was taken waits for its commit. */
  private isUnsettled = false
  /** Batches that were handed over and not yet begun. */
  private waiting = 0
  /** The tail of what was asked of the lane. */
  private tail: Promise<unknown> = Promise.resolve()
  private committing: Promise<void> = Promise.resolve()
  /** Whether a commit was refused: then all that is in memory is worth nothing. */
  wasRefused = false
  private isClosed = false
  private confirmedAt = 0
  /** Digest of the newest model with which every customer was looked at. */
  private model: string | undefined

  constructor(private readonly options: LaneOptions) {
    const { store, topics, logBounds } = options
    this.set = new WorkingSet(store, options.cacheCustomers)
    this.offsets = new LaneOffsets(topics, store.claimed, logBounds)
    this.number = store.claimed.number
    this.model = options.foldsOnly ? EVERYONE_DUE : store.claimed.model
  }

  get partition(): number {
    return this.options.store.partition
  }

  get cachedStates(): number {
    return this.set.cached
  }

  /** Offsets of the last commit that Redis confirmed, by topic. */
  get committed(): ReadonlyMap<string, number> {
    return this.offsets.stored
  }

  /** Records between what is committed and the end of the log, as far as it is known, by topic. */
  lag(): ReadonlyMap<string, number> {
    return this.offsets.lag()
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
    return this.offsets.isCaughtUp()
  }

  /** Offset of the next record to fold of a topic. */
  nextOffset(topic: string): number {
    return this.offsets.of(topic)
  }

  /**
   * Folds a batch and sends its commit on the way, together with the batches that already wait behind it; resolves when the
   * next batch may come.
   */
  take(batch: ShardBatch): Promise<TakeOutcome> {
    this.waiting++
    return this.oneAtATime(() => {
      this.waiting--
      return this.takeNow(batch)
    })
  }

  /** Offsets that hold no record for us were passed. */
  skipTo(topic: string, offset: number, end: number): void {
    this.offsets.skipTo(topic, offset, end)
  }

  /** Looks at customers whose appointment is due. Returns how many there were; `lookLimit` means there may be more. */
  lookAtDue(): Promise<number> {
    return this.oneAtATime(() => this.lookAtDueNow())
  }

  /**
   * Looks at those of these customers whose last look was at or before an instant, ms in domain time: with another model, what
   * it found may not hold any more. Returns how many these were; undefined where the lane cannot look now, and nobody was.
   */
  lookAgain(ids: readonly string[], atOrBefore: number): Promise<number | undefined> {
    return this.oneAtATime(() => this.lookAgainNow(ids, atOrBefore))
  }

  /** Notes the model with which every customer was looked at; stored with the next commit. */
  sawEveryone(model: string): void {
    this.model = model
  }

  /** Stores what was noted. */
  keepWhoSaw(): Promise<void> {
    return this.oneAtATime(() => this.commit())
  }

  /** Takes over what another generation of the shard had decided of these customers; they stay due, to be looked at anew. */
  adopt(decided: ReadonlyMap<string, Decided>): Promise<void> {
    return this.oneAtATime(() => this.adoptNow(decided))
  }

  /** Resolves when all that was taken is committed, or cannot be. */
  async drain(): Promise<void> {
    await this.oneAtATime(() => this.settle())
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
    const fit = this.offsets.fit(batch)
    if (fit.kind === 'seek') {
      this.options.seek(topic, fit.from)
      return 'sought'
    }
    const { role, from } = fit

    const startedAt = performance.now()
    const records = batch.firstOffset >= from ? batch.records : batch.records.filter(({ offset }) => offset >= from)
    const { events, strangers, outbox, origins, counts, invalidAt } = this.options.intake(records, {
      topic,
      role,
      partition: this.partition,
      origins: this.offsets.takenOrigins,
      isKnown: (id) => this.set.has(id),
    })
    if (!this.options.admit(records.length, invalidAt)) return 'not_admitted'

    await this.set.load(strangers)
    let folded = 0
    for (const event of events) if (this.set.fold(event)) folded++
    if (role === 'profile') await this.set.foldProfiles(events)
    if (!this.options.foldsOnly) this.outbox.push(...outbox)
    this.offsets.take(batch, origins)
    const { event: _, ...others } = counts
    this.options.events.onIntake(
      topic,
      { ...others, folded, duplicate: events.length - folded },
      (performance.now() - startedAt) / 1_000,
    )
    this.isUnsettled = true
    // What one fetch brought of several topics is looked at and written once.
    if (this.waiting === 0) await this.settle()
    return this.isUsable ? 'taken' : 'refused'
  }

  /** Looks at what was taken, when caught up, and commits it. */
  private async settle(): Promise<void> {
    if (!this.isUnsettled || !this.isUsable) return
    if (!this.options.foldsOnly && this.isCaughtUp()) await this.lookAt(this.set.unseen())
    await this.commit()
  }

  private async lookAtDueNow(): Promise<number> {
    await this.confirmOwnership()
    await this.settle()
    if (!this.isUsable || !this.isCaughtUp()) return 0
    const { store, clock, lookLimit } = this.options
    const ids = await store.due(clock.now(), lookLimit)
    if (ids.length === 0) {
      // Whoever asks whether this shard is behind knows only what is stored.
      if (this.offsets.hasSkipped) await this.commit()
      return 0
    }
    await this.set.load(ids)
    await this.lookAt(ids)
    await this.commit()
    return ids.length
  }

  private async lookAgainNow(ids: readonly string[], atOrBefore: number): Promise<number | undefined> {
    if (!this.isUsable || !this.isCaughtUp()) return undefined
    await this.set.load(ids)
    const waiting = ids.filter((id) => {
      const { decided } = this.set.state(id)
      return decided !== undefined && decided.evaluatedAt <= atOrBefore
    })
    if (waiting.length === 0) return 0
    await this.lookAt(waiting)
    await this.commit()
    return waiting.length
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

  private async adoptNow(decided: ReadonlyMap<string, Decided>): Promise<void> {
    if (!this.isUsable) return
    await this.set.load(decided.keys())
    for (const [id, of] of decided) this.set.adopt(id, of)
    await this.commit()
  }

  private async lookAt(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += LOOKS_AT_ONCE) {
      await setImmediate()
      this.lookAtSome(ids.slice(from, from + LOOKS_AT_ONCE))
    }
  }

  private lookAtSome(ids: readonly string[]): void {
    const customers: (readonly [string, CustomerState])[] = []
    for (const id of ids) {
      const state = this.set.state(id)
      if (!state.erased) customers.push([id, state])
    }
    for (const { id, evaluation, entry, outbox } of this.options.look(customers, this.options.clock.now())) {
      this.set.look(id, evaluation.decided, evaluation.nextLookAt, entry)
      this.outbox.push(...outbox)
    }
  }

  /** Sends what is in hand on its way. Waits for the commit before it, so that there is never more than one under way. */
  private async commit(): Promise<void> {
    await this.committing
    if (!this.isUsable) return
    this.isUnsettled = false
    this.set.trim()
    const { touched, profiles, counters } = this.set.take()
    const { timelineLength, clock, partitionCount } = this.options
    const now = clock.now()
    const customers = touched.map((customer) => customerWrite(customer, timelineLength, now))
    for (const { id, before, state } of touched) {
      if (state.erased && before.decided !== undefined) this.outbox.push(riskForgotten(id))
    }
    const { fields, confirmed } = this.offsets.toCommit()
    const change: ShardChange = {
      customers,
      profiles,
      counters,
      outbox: this.outbox,
      meta: {
        ...fields,
        ...partitionCountField(partitionCount),
        ...(this.model !== undefined && modelField(this.model)),
      },
    }
    this.outbox = []
    const looked = touched.reduce((sum, { nextLook }) => sum + (nextLook === 'unseen' ? 0 : 1), 0)
    this.committing = this.send(change, looked, confirmed)
  }

  private async send(change: ShardChange, looked: number, confirmed: () => void): Promise<void> {
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
        confirmed()
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
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
