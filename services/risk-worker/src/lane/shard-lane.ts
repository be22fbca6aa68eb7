import { setImmediate } from 'node:timers/promises'
import { type Decided, isUnknown, ROLES } from '@holdfast/core'
import {
  asError,
  HoldfastError,
  modelField,
  packedEntries,
  partitionCountField,
  type ShardBatch,
  type ShardChange,
} from '@holdfast/platform'
import { Turns } from '../turns.ts'
import { decide, type Hand } from './hand.ts'
import { LaneOffsets } from './lane-offsets.ts'
import type { LaneOptions, TakeOutcome } from './lane-options.ts'
import { riskForgotten } from './outgoing.ts'
import { beginPass, type Pass, type PassOptions } from './pass.ts'
import { Unfolded } from './unfolded.ts'

const CONFIRM_EVERY_MS = 1_000

/** Stands for a model where nobody was looked at yet: everybody is due, so whoever looks first sees everybody. */
export const EVERYONE_DUE = 'none'

/** Taken up at once; between two such, whatever else waits for this process has its turn. */
const HANDS_AT_ONCE = 500

/** Behind on the log, how long at most events wait for others to be written together with, ms. */
const GATHER_MS = 20_000

/** Customers of one commit, beyond which no more are gathered: Redis serves nobody else while it writes, 0.2 s for so many. */
const GATHER_CUSTOMERS = 30_000

/** Longest pause between two attempts of a commit that Redis cannot take, ms. */
const LONGEST_RETRY_MS = 5_000

/**
 * One shard in the hands of its owner: takes batches, folds them, looks at customers when caught up, and commits state, offsets
 * and intents together. Work on a shard is one thing at a time; only a commit runs on while the next batch is taken in.
 */
export class ShardLane {
  /** What was taken and is not written yet. */
  private unfolded = new Unfolded()
  private readonly passOptions: PassOptions
  private readonly offsets: LaneOffsets
  private number: number
  private outbox = packedEntries()
  /** Since when anything waits for a commit, as `performance.now()` says. */
  private unsettledSince: number | undefined
  /** Batches that were handed over and not yet begun. */
  private waiting = 0
  /** Of what is asked of the lane. */
  private readonly turns = new Turns()
  private committing: Promise<void> = Promise.resolve()
  /** Whether a commit was refused: then all that is in memory is worth nothing. */
  wasRefused = false
  private isClosed = false
  /** When the shard last asked, or will have asked by its commit, whether it is still ours. */
  private confirmedAt = 0
  /** Digest of the newest model with which every customer was looked at. */
  private model: string | undefined

  constructor(private readonly options: LaneOptions) {
    const { store, topics, logBounds, timelineLength } = options
    // What a commit under way still has to write must not be read before it is written.
    const reader = {
      states: (ids: readonly string[]) => this.committing.then(() => store.states(ids)),
      profiles: (ids: readonly string[]) => this.committing.then(() => store.profiles(ids)),
    }
    this.passOptions = { reader, timelineLength }
    this.offsets = new LaneOffsets(topics, store.claimed, logBounds)
    this.number = store.claimed.number
    this.model = options.foldsOnly ? EVERYONE_DUE : store.claimed.model
  }

  get partition(): number {
    return this.options.store.partition
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

  /** Offset of the next record to take of a topic. */
  nextOffset(topic: string): number {
    return this.offsets.of(topic)
  }

  /**
   * Takes a batch in, and resolves when the next may be fetched. It is folded and its commit sent together with the batches that
   * already wait behind it, or, behind on the log, with more of them; what comes meanwhile is taken in afterwards.
   */
  take(batch: ShardBatch): Promise<TakeOutcome> {
    this.waiting++
    return this.turns.take(() => {
      this.waiting--
      return this.takeNow(batch)
    })
  }

  /** Offsets that hold no record for us were passed. */
  skipTo(topic: string, offset: number, end: number): void {
    // Whoever asks whether this shard is behind knows only what is stored.
    if (this.offsets.skipTo(topic, offset, end)) this.mustCommit()
  }

  /** Looks at customers whose appointment is due. Returns how many there were; `lookLimit` means there may be more. */
  lookAtDue(): Promise<number> {
    return this.turns.take(() => this.lookAtDueNow())
  }

  /**
   * Looks at those of these customers whose last look was at or before an instant, ms in domain time: with another model, what
   * it found may not hold any more. Returns how many these were; undefined where the lane cannot look now, and nobody was.
   */
  lookAgain(ids: readonly string[], atOrBefore: number): Promise<number | undefined> {
    return this.turns.take(() => this.lookAgainNow(ids, atOrBefore))
  }

  /** Notes the model with which every customer was looked at; stored with the next commit. */
  sawEveryone(model: string): void {
    this.model = model
  }

  /** Stores what was noted. */
  keepWhoSaw(): Promise<void> {
    this.mustCommit()
    return this.turns.take(() => this.settle())
  }

  /** Takes over what another generation of the shard had decided of these customers; they stay due, to be looked at anew. */
  adopt(decided: ReadonlyMap<string, Decided>): Promise<void> {
    return this.turns.take(() => this.adoptNow(decided))
  }

  /** Resolves when all that was taken is committed, or cannot be. */
  async drain(): Promise<void> {
    await this.turns.take(() => this.settle())
    await this.committing
  }

  /** From here on nothing is written any more; what was not committed is as if it had not been read. */
  close(): void {
    this.isClosed = true
  }

  private mustCommit(): void {
    this.unsettledSince ??= performance.now()
  }

  private get isUsable(): boolean {
    return !this.isClosed && !this.wasRefused
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

    const records = batch.firstOffset >= from ? batch.records : batch.records.filter(({ offset }) => offset >= from)
    const { events, outbox, origins, counts, invalidAt } = this.options.intake(records, {
      topic,
      role,
      partition: this.partition,
      origins: this.offsets.takenOrigins,
    })
    if (!this.options.admit(records.length, invalidAt)) return 'not_admitted'

    for (const event of events) this.unfolded.add(event)
    if (!this.options.foldsOnly) for (const entry of outbox) this.outbox.add(entry)
    this.offsets.take(batch, origins)
    this.options.events.onIntake(topic, counts)
    this.mustCommit()
    // What one fetch brought of several topics is looked at and written once, and behind on the log several fetches are.
    if (this.waiting === 0 && !this.mayGather()) this.settleInTurn()
    return 'taken'
  }

  /** Whether what was taken had better wait for more: nobody waits for what is behind, and a customer is written once for all. */
  private mayGather(): boolean {
    const { unsettledSince = 0, unfolded, options } = this
    if (this.isCaughtUp() && !options.foldsOnly) return false
    if (unfolded.size >= options.gatherEvents || unfolded.customers.length >= GATHER_CUSTOMERS) return false
    return performance.now() - unsettledSince < GATHER_MS
  }

  /** Settles when it is its turn; nobody waits for it, so where it fails the owner is told. */
  private settleInTurn(): void {
    this.turns.take(() => this.settle()).catch((thrown: unknown) => this.breakOff(thrown))
  }

  private breakOff(thrown: unknown): void {
    if (this.isClosed) return
    this.close()
    this.options.events.onBroken(asError(thrown))
  }

  /** Folds what was taken, looks at whom it changed, when caught up, and commits it. */
  private async settle(): Promise<void> {
    if (this.unsettledSince === undefined || !this.isUsable) return
    await this.work([], (hands) => {
      // Asked each time: meanwhile the log may turn out to be longer, and who was not looked at stays due.
      if (!this.options.foldsOnly && this.isCaughtUp()) this.look(hands.filter(({ isChanged }) => isChanged))
    })
  }

  private async lookAtDueNow(): Promise<number> {
    await this.confirmOwnership()
    if (!this.mayGather()) await this.settle()
    if (!this.isUsable || !this.isCaughtUp()) return 0
    const { store, clock, lookLimit } = this.options
    const ids = await store.due(clock.now(), lookLimit)
    if (ids.length === 0) return 0
    await this.work(ids, (hands) => {
      if (this.isCaughtUp()) this.look(hands)
    })
    return ids.length
  }

  private async lookAgainNow(ids: readonly string[], atOrBefore: number): Promise<number | undefined> {
    if (!this.isUsable || !this.isCaughtUp()) return undefined
    await this.settle()
    let looked = 0
    await this.work(ids, (hands) => {
      const waiting = hands.filter(
        ({ before: { decided } }) => decided !== undefined && decided.evaluatedAt <= atOrBefore,
      )
      looked += waiting.length
      this.look(waiting)
    })
    return looked
  }

  /**
   * A shard without events makes no commit that could be refused: so now and then it asks whether it still would be taken. Not
   * so after a rebuild has turned the shard to another generation, or when Redis is an older self.
   */
  private async confirmOwnership(): Promise<void> {
    const now = performance.now()
    if (this.unsettledSince !== undefined || now - this.confirmedAt < CONFIRM_EVERY_MS) return
    this.confirmedAt = now
    await this.committing
    if (!this.isUsable || (await this.options.store.accepts(this.number))) return
    this.wasRefused = true
    this.options.log.warn({ partition: this.partition }, 'the shard has another owner or another past: it is read anew')
  }

  private async adoptNow(decided: ReadonlyMap<string, Decided>): Promise<void> {
    if (!this.isUsable) return
    await this.work([...decided.keys()], (hands) => {
      for (const hand of hands) {
        const { state } = hand
        if (isUnknown(state) || state.erased || state.decided !== undefined) continue
        state.decided = decided.get(hand.id)
        hand.isChanged = true
      }
    })
  }

  private look(hands: readonly Hand[]): void {
    const customers = hands.filter(({ state }) => !state.erased)
    const found = this.options.look(
      customers.map(({ id, state }) => [id, state]),
      this.options.clock.now(),
    )
    for (let i = 0; i < found.length; i++) {
      const { evaluation, entry, outbox } = found[i]!
      decide(customers[i]!, evaluation.decided, evaluation.nextLookAt, entry)
      for (const outgoing of outbox) this.outbox.add(outgoing)
    }
  }

  /** Takes up all customers of whom events wait, and these as well, lets something be done with them, and commits the lot. */
  private async work(ids: readonly string[], act: (hands: readonly Hand[]) => void): Promise<void> {
    const { clock, events, topics, atWork } = this.options
    // Where this fails, everything is as it was.
    const pass = await beginPass(this.unfolded, ids, this.passOptions)
    this.unfolded = new Unfolded()
    const isUnsettled = this.unsettledSince !== undefined
    this.unsettledSince = undefined
    try {
      await atWork.take(async () => {
        if (!this.isUsable) return
        for (let hands = pass.takeUp(HANDS_AT_ONCE); hands.length > 0; hands = pass.takeUp(HANDS_AT_ONCE)) {
          act(hands)
          pass.putDown(hands, clock.now())
          for (const { id, before, state } of hands) {
            if (state.erased && before.decided !== undefined) this.outbox.add(riskForgotten(id))
          }
          await setImmediate()
        }
        events.onFolded(new Map(ROLES.map((role) => [topics[role], pass.counts[role]])), pass.foldSeconds)
        if (isUnsettled || pass.customers.length > 0) await this.commit(pass)
      })
    } catch (thrown) {
      // Events that were taken are in nobody's hands any more: no commit may pass over them, and nobody may go on as if.
      this.breakOff(thrown)
      throw thrown
    }
  }

  /** Sends a pass on its way, never more than one at a time. What the pass read has waited for the one before, so this does not. */
  private async commit(pass: Pass): Promise<void> {
    await this.committing
    if (!this.isUsable) return
    const { customers, profiles, counters } = pass
    const { fields, confirmed } = this.offsets.toCommit()
    const change: ShardChange = {
      customers,
      profiles,
      counters,
      outbox: this.outbox,
      meta: {
        ...fields,
        ...partitionCountField(this.options.partitionCount),
        ...(this.model !== undefined && modelField(this.model)),
      },
    }
    this.outbox = packedEntries()
    this.confirmedAt = performance.now()
    this.committing = this.send(change, pass, confirmed)
  }

  private async send(change: ShardChange, { customers, looked }: Pass, confirmed: () => void): Promise<void> {
    const { store, events, log } = this.options
    const startedAt = performance.now()
    for (let attempt = 1; this.isUsable; attempt++) {
      try {
        const outcome = await store.commit(this.number, change)
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
        events.onCommitted(customers.length, looked, (performance.now() - startedAt) / 1_000)
        if (outcome.outbox !== undefined) events.onOutbox(outcome.outbox)
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
