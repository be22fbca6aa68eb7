import { type Job, jobSchema } from '@holdfast/contracts'
import type { Policy } from '@holdfast/core'
import { asError, type Clock, type JobVerdict, type Logger, type QueueJob } from '@holdfast/platform'
import { z } from 'zod'
import { type Backoff, pauseAfter } from './backoff.ts'
import type { ChannelRest } from './channel-rest.ts'
import type { Attempt, Channel, ChannelName } from './channels/channel.ts'
import type { Customers, Sight } from './customers.ts'
import { type Refusal, refusalOf } from './gate.ts'
import type { Compose, Message } from './message/message.ts'
import type { Observer } from './observe.ts'
import type { Outcome, WriteOutcome } from './outcome-events.ts'
import { type ChannelProgress, type Progress, readProgress, reopened } from './progress.ts'

/** A channel of a queue, and whether it may be bothered now. */
export interface Outlet {
  readonly channel: Channel
  readonly rest: ChannelRest
}

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
    const refusal = this.refusal(sight)
    if (refusal !== undefined) {
      if (this.progress.deliveredAt === undefined) return this.refuse(refusal)
      // Some have it already; the others are spared.
      for (const name of this.inState('open')) this.put(name, { state: 'skipped', reason: refusal })
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

  private refusal({ state }: Extract<Sight, { kind: 'seen' }>): Refusal | undefined {
    const { policy, clock } = this.options
    return refusalOf({ state, job: this.job, policy, at: clock.now(), begun: this.progress.deliveredAt !== undefined })
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
    return this.refusal(sight) === undefined ? { kind: 'later', inMs: 0 } : verdict
  }

  private due(): readonly Outlet[] {
    const now = Date.now()
    return this.options.outlets.filter(({ channel }) => {
      const { state, notBefore } = this.of(channel.name)
      return state === 'open' && notBefore <= now
    })
  }

  private async attempt({ channel, rest }: Outlet, message: Message): Promise<void> {
    const { observer, clock } = this.options
    const admission = rest.admit(Date.now())
    if (admission.kind === 'wait') {
      // Not all at once when the rest is over.
      this.put(channel.name, { notBefore: Date.now() + admission.forMs * (1 + Math.random()) })
      return this.save()
    }
    const startedAt = performance.now()
    const outcome = await channel.send(message).catch(
      // A defect of ours is no reason to lose count of what a channel may do.
      (thrown: unknown): Attempt => ({ kind: 'retry', reason: 'defect', detail: asError(thrown).message }),
    )
    observer.attempted(this.job.action, channel.name, outcome.kind, performance.now() - startedAt)
    if (outcome.kind === 'retry') {
      rest.failed(Date.now(), outcome.afterMs)
      this.failed(channel.name, outcome)
    } else {
      rest.succeeded()
      if (outcome.kind === 'delivered') {
        this.put(channel.name, { state: 'delivered' })
        this.progress = { ...this.progress, deliveredAt: this.progress.deliveredAt ?? clock.now() }
      } else {
        const state = outcome.kind === 'skipped' ? 'skipped' : 'failed'
        this.put(channel.name, { state, reason: outcome.reason, ...detailOf(outcome) })
      }
    }
    if (outcome.kind !== 'delivered') {
      const { state, failures } = this.of(channel.name)
      const { episodeId } = this.job
      this.options.log.warn(
        { episodeId, channel: channel.name, state, failures, reason: outcome.reason, ...detailOf(outcome) },
        'not delivered',
      )
    }
    // At once: another channel may still hang, and a crash meanwhile must not forget this.
    return this.save()
  }

  private failed(name: ChannelName, outcome: Extract<Attempt, { kind: 'retry' }>): void {
    const { reason, afterMs } = outcome
    const { attempts, backoff } = this.options
    // Whoever says when to come again is alive: that wish is granted, and is no failure.
    const failures = this.of(name).failures + (afterMs === undefined ? 1 : 0)
    const pauseMs = Math.max(afterMs ?? 0, pauseAfter(Math.max(1, failures), backoff))
    const isGivenUp = failures >= attempts
    this.put(name, {
      state: isGivenUp ? 'failed' : 'open',
      failures,
      reason,
      ...detailOf(outcome),
      notBefore: Date.now() + pauseMs,
    })
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

function detailOf(attempt: Attempt): { readonly detail?: string } {
  return 'detail' in attempt && attempt.detail !== undefined ? { detail: attempt.detail } : {}
}
