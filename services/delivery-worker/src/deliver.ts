import { type Job, jobSchema } from '@holdfast/contracts'
import type { Policy } from '@holdfast/core'
import { asError, type Clock, type JobVerdict, type Logger, type QueueJob } from '@holdfast/platform'
import { z } from 'zod'
import type { Backoff } from './backoff.ts'
import type { ChannelName } from './channels/channel.ts'
import type { Customers, Sight } from './customers.ts'
import { type GateVerdict, gate, type Hold, type Refusal } from './gate.ts'
import type { Compose, Message } from './message/message.ts'
import type { Observer } from './observe.ts'
import type { Outcome, WriteOutcome } from './outcome-events.ts'
import { type Outlet, pass } from './outlet.ts'
import { afterAttempt, type ChannelProgress, type Progress, readProgress, reopened } from './progress.ts'

export interface DeliverOptions {
  readonly outlets: readonly Outlet[]
  readonly customers: Pick<Customers, 'look'>
  readonly compose: Compose
  readonly writeOutcome: WriteOutcome
  readonly policy: Policy
  readonly clock: Clock
  readonly log: Logger
  /** Failures of one channel after which it is given up. */
  readonly attempts: number
  readonly backoff: Backoff
  readonly observer: Observer
}

/** While the log does not take an outcome, ms. */
const LOG_AGAIN_MS = 2_000
/** A snooze or a cooldown may end sooner than it was to: whoever waits for its end looks again after this, ms of the wall clock. */
const LONGEST_WAIT_MS = 60_000

/**
 * What a worker does with a job: gate, hand it to each channel that has not taken it yet, tell the log, and only then be done.
 * After a crash at any point the job comes again and goes on from what it saved; the channel that was just at it gets the same
 * message under the same idempotency key once more.
 */
export function createDeliverStep(options: DeliverOptions) {
  return async function deliverStep(queued: QueueJob): Promise<JobVerdict> {
    const parsed = jobSchema.safeParse(queued.data)
    if (!parsed.success) {
      return { kind: 'failed', reason: `the payload is no job: ${z.prettifyError(parsed.error)}`.slice(0, 1_000) }
    }
    const names = options.outlets.map(({ channel }) => channel.name)
    return new Delivery(options, queued, parsed.data, readProgress(queued.progress, names)).run()
  }
}

/** One run of one job. */
class Delivery {
  /** Saves are one after the other, so that a later state is never overwritten by an earlier one. */
  private saving: Promise<void> = Promise.resolve()

  constructor(
    private readonly options: DeliverOptions,
    private readonly queued: QueueJob,
    private readonly job: Job,
    private progress: Progress,
  ) {}

  async run(): Promise<JobVerdict> {
    if (this.inState('open').length > 0) {
      const verdict = await this.send()
      if (verdict !== undefined) return verdict
    }
    return this.settle()
  }

  /** Undefined where the job may now be settled. */
  private async send(): Promise<JobVerdict | undefined> {
    const { customers, compose } = this.options
    const sight = await customers.look(this.job)
    if (sight.kind === 'held') return this.hold(sight)
    const verdict = this.verdict(sight)
    if (verdict.kind === 'held') return this.waitFor(verdict)
    if (verdict.kind === 'refused') {
      if (this.progress.deliveredAt === undefined) return this.refuse(verdict.reason)
      // Some have it already; the others are spared.
      for (const name of this.inState('open')) this.put(name, { state: 'skipped', reason: verdict.reason })
      await this.save()
      return undefined
    }
    const message = compose(this.job, sight.profile)
    await Promise.all(this.due().map((outlet) => this.attempt(outlet, message)))
    await this.saving
    const told = await this.tellDelivered()
    if (told !== undefined) return told
    const open = this.inState('open')
    return open.length === 0 ? undefined : { kind: 'later', inMs: this.msUntilDue(open) }
  }

  private hold({ reason, forMs }: Extract<Sight, { kind: 'held' }>): JobVerdict {
    this.options.observer.held(this.job.action, reason)
    return { kind: 'later', inMs: forMs }
  }

  private verdict({ state }: Extract<Sight, { kind: 'seen' }>): GateVerdict {
    const { policy, clock } = this.options
    return gate({ state, job: this.job, policy, at: clock.now(), begun: this.progress.deliveredAt !== undefined })
  }

  /** Put off to the end of a snooze or a cooldown; the log hears once why nothing was sent so far. */
  private async waitFor({ reason, until }: Hold): Promise<JobVerdict> {
    const { clock, observer } = this.options
    if (this.progress.waitsFor !== reason) {
      const failure = await this.tell({ type: 'action.suppressed', reason }, clock.now())
      if (failure !== undefined) return failure
      this.progress = { ...this.progress, waitsFor: reason }
      await this.save()
    }
    observer.held(this.job.action, reason)
    return { kind: 'later', inMs: Math.min(clock.wallDelay(until), LONGEST_WAIT_MS) }
  }

  /**
   * Not sent. Telling the log may take long, and who has come back into the band meanwhile was queued again under this id, of
   * which BullMQ takes no second job: then this one is theirs.
   */
  private async refuse(refusal: Refusal): Promise<JobVerdict> {
    const verdict = await this.suppress(refusal)
    if (verdict.kind !== 'done' || verdict.forget !== true) return verdict
    const sight = await this.options.customers.look(this.job)
    if (sight.kind === 'held') return this.hold(sight)
    return this.verdict(sight).kind === 'refused' ? verdict : { kind: 'later', inMs: 0 }
  }

  private due(): readonly Outlet[] {
    const now = Date.now()
    return this.options.outlets.filter(({ channel }) => {
      const { state, notBefore } = this.of(channel.name)
      return state === 'open' && notBefore <= now
    })
  }

  private async attempt(outlet: Outlet, message: Message): Promise<void> {
    const { observer, clock, log } = this.options
    const { name } = outlet.channel
    const passed = await pass(outlet, message)
    if (passed.kind === 'wait') {
      this.put(name, { notBefore: Date.now() + passed.forMs })
      return this.save()
    }
    const { outcome, ms } = passed
    observer.attempted(this.job.action, name, outcome.kind, ms)
    this.put(name, afterAttempt(this.of(name), outcome, { ...this.options, now: Date.now() }))
    if (outcome.kind === 'delivered') {
      this.progress = { ...this.progress, deliveredAt: this.progress.deliveredAt ?? clock.now() }
    } else {
      const { episodeId } = this.job
      log.warn({ episodeId, channel: name, ...this.of(name) }, 'not delivered')
    }
    // At once: another channel may still hang, and a crash meanwhile must not forget this.
    return this.save()
  }

  /** As soon as one channel has it: from here on the cooldown runs. Undefined when the log knows. */
  private async tellDelivered(): Promise<JobVerdict | undefined> {
    const { deliveredAt, told } = this.progress
    if (deliveredAt === undefined || told === true) return undefined
    const failure = await this.tell({ type: 'action.delivered' }, deliveredAt)
    if (failure !== undefined) return failure
    this.options.observer.delivered(this.job.action, Date.now() - this.queued.queuedAt)
    this.progress = { ...this.progress, told: true }
    await this.save()
    return undefined
  }

  /** Every channel has taken it, or never will. */
  private async settle(): Promise<JobVerdict> {
    const told = await this.tellDelivered()
    if (told !== undefined) return told
    const { observer, clock } = this.options
    const { action } = this.job
    const failed = this.inState('failed')
    const isDelivered = this.progress.deliveredAt !== undefined
    if (failed.length > 0) {
      const reason = failed.map((name) => `${name}: ${this.of(name).reason ?? 'unknown'}`).join('; ')
      const failure = await this.tell({ type: 'action.failed', reason }, clock.now())
      if (failure !== undefined) return failure
      observer.settled(action, isDelivered ? 'partly' : 'failed')
      this.progress = reopened(this.progress)
      await this.save()
      const details = failed.map((name) => this.of(name).detail ?? '').filter((detail) => detail !== '')
      return { kind: 'failed', reason: details.length === 0 ? reason : `${reason} (${details.join('; ')})` }
    }
    if (!isDelivered) {
      const [reason = 'no_channel'] = this.inState('skipped').map((name) => this.of(name).reason ?? 'skipped')
      return this.suppress(reason)
    }
    observer.settled(action, 'delivered')
    return { kind: 'done' }
  }

  /**
   * Forgotten once the log knows: until it is delivered or failed, an episode may be queued again under its id, and BullMQ would
   * take no second job of an id that it keeps.
   */
  private async suppress(reason: string): Promise<JobVerdict> {
    const { observer, clock } = this.options
    const failure = await this.tell({ type: 'action.suppressed', reason }, clock.now())
    if (failure !== undefined) return failure
    observer.suppressed(this.job.action, reason)
    return { kind: 'done', forget: reason !== 'already_delivered' }
  }

  private async tell(outcome: Outcome, at: number): Promise<JobVerdict | undefined> {
    try {
      await this.options.writeOutcome(this.job, outcome, at)
      return undefined
    } catch (thrown) {
      const { episodeId } = this.job
      this.options.log.error(
        { err: asError(thrown), episodeId, type: outcome.type },
        'the log does not take an outcome',
      )
      return { kind: 'later', inMs: LOG_AGAIN_MS }
    }
  }

  private of(name: ChannelName): ChannelProgress {
    const found = this.progress.channels[name]
    if (found === undefined) throw new Error(`no progress of channel ${name}`)
    return found
  }

  private put(name: ChannelName, change: Partial<ChannelProgress>): void {
    const { channels } = this.progress
    this.progress = { ...this.progress, channels: { ...channels, [name]: { ...this.of(name), ...change } } }
  }

  private save(): Promise<void> {
    const { progress } = this
    this.saving = this.saving.then(() => this.queued.saveProgress(progress))
    return this.saving
  }

  private inState(state: ChannelProgress['state']): ChannelName[] {
    return this.options.outlets.map(({ channel }) => channel.name).filter((name) => this.of(name).state === state)
  }

  private msUntilDue(open: readonly ChannelName[]): number {
    return Math.max(1, Math.min(...open.map((name) => this.of(name).notBefore)) - Date.now())
  }
}
