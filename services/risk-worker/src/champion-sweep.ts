import { decodeState } from '@holdfast/core'
import { asError, type Clock, type Logger, type ShardStore } from '@holdfast/platform'
import { EVERYONE_DUE, type ShardLane } from './lane/shard-lane.ts'

export interface SweepOptions {
  readonly store: ShardStore
  readonly lane: ShardLane
  readonly clock: Clock
  readonly log: Logger
  /** Digest of the champion in use. */
  readonly model: () => string
  /** Customers a second, wall clock, that this shard may look at ahead of their appointment. */
  readonly perSecond: () => number
  onSwept(customers: number): void
}

interface Round {
  readonly model: string
  /** Whoever was looked at after this instant, domain time, was looked at with the model. */
  readonly since: number
  readonly pages: AsyncIterator<readonly (readonly [id: string, state: Buffer])[]>
  /** Of pages read already. */
  waiting: string[]
  isRead: boolean
}

/** Pages of states, of about a thousand each, that one step reads at most: where most were looked at since, due ones must not wait. */
const PAGES_A_STEP = 2

/**
 * After a change of the model customers keep their appointments, which are the old model's: so everybody who has not been
 * looked at since is looked at ahead of it, so many a second, while an event or an appointment may come first. With which model
 * everyone was looked at is stored with the shard; a sweep that was broken off begins anew with the shard's next owner.
 */
export class ModelSweep {
  private done: string | undefined
  private round: Round | undefined
  private budgetAt = 0

  constructor(private readonly options: SweepOptions) {
    const { store, lane, model } = options
    this.done = store.claimed.model
    // Nobody is in the shard yet, or everybody is due, as after a rebuild: the present model sees everybody without a sweep.
    if (store.claimed.number === 0 || this.done === EVERYONE_DUE) {
      this.done = model()
      lane.sawEveryone(this.done)
    }
  }

  /** Looks at as many as the time since the last step allows. What fails ends the sweep, and nothing else. */
  async step(): Promise<void> {
    try {
      await this.stepNow()
    } catch (thrown) {
      this.options.log.error(
        { err: asError(thrown), partition: this.options.lane.partition },
        'the sweep of a new model was broken off: customers are looked at when an event or their appointment comes',
      )
      this.done = this.round?.model ?? this.options.model()
      this.round = undefined
    }
  }

  private async stepNow(): Promise<void> {
    const { lane, store, clock, model, onSwept } = this.options
    const present = model()
    if (this.done === present || !lane.isCaughtUp() || lane.wasRefused) return
    if (this.round?.model !== present) {
      // What is still on its way to Redis would be missed there.
      await lane.drain()
      this.round = { model: present, since: clock.now(), pages: store.eachState(), waiting: [], isRead: false }
      this.budgetAt = performance.now()
    }
    const allowed = this.budget()
    if (allowed === 0) return
    const { round } = this
    await readOn(round, allowed)
    const ids = round.waiting.slice(0, allowed)
    const looked = ids.length === 0 ? 0 : await lane.lookAgain(ids, round.since)
    if (looked === undefined) return
    round.waiting.splice(0, ids.length)
    onSwept(looked)
    if (round.isRead && round.waiting.length === 0 && model() === present) {
      this.done = present
      this.round = undefined
      lane.sawEveryone(present)
      await lane.keepWhoSaw()
    }
  }

  private budget(): number {
    const now = performance.now()
    const perSecond = this.options.perSecond()
    // What was not used is not saved up: a pause must not end in a stampede.
    const allowed = Math.floor((Math.min(1_000, now - this.budgetAt) * perSecond) / 1_000)
    if (allowed > 0) this.budgetAt = now
    return allowed
  }
}

/** Reads until so many wait who were not looked at since, or a step's share of pages is read. */
async function readOn(round: Round, count: number): Promise<void> {
  for (let pages = 0; pages < PAGES_A_STEP && !round.isRead && round.waiting.length < count; pages++) {
    const { done, value: page } = await round.pages.next()
    if (done) {
      round.isRead = true
      return
    }
    for (const [id, bytes] of page) {
      const { decided, erased } = decodeState(bytes)
      if (!erased && decided !== undefined && decided.evaluatedAt <= round.since) round.waiting.push(id)
    }
  }
}
