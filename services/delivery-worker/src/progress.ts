import { z } from 'zod'
import { type Backoff, pauseAfter } from './backoff.ts'
import { type Attempt, CHANNEL_NAMES, type ChannelName } from './channels/channel.ts'

/** How far a job has come, kept with it: what a channel has taken is not sent to it again, whoever works the job next. */

const channelProgress = z.object({
  state: z.enum(['open', 'delivered', 'failed', 'skipped']),
  /** Attempts that failed. */
  failures: z.int().min(0),
  /** Not to be tried before, ms of the wall clock. */
  notBefore: z.number(),
  /** Why it failed last. */
  reason: z.string().optional(),
  detail: z.string().optional(),
})
export type ChannelProgress = z.output<typeof channelProgress>

const progressSchema = z.object({
  channels: z.partialRecord(z.enum(CHANNEL_NAMES), channelProgress),
  /** When the first channel took it, ms of domain time; undefined before. */
  deliveredAt: z.number().optional(),
  /** Whether the log has been told of that. */
  told: z.boolean().optional(),
  /** What it was last put off for, once the log knows. */
  waitsFor: z.string().optional(),
})
export type Progress = z.output<typeof progressSchema>

const UNTRIED: ChannelProgress = { state: 'open', failures: 0, notBefore: 0 }

/** The stored progress, for the channels that serve the queue now; anything unreadable is as if there was none. */
export function readProgress(stored: unknown, channels: readonly ChannelName[]): Progress {
  const parsed = progressSchema.safeParse(stored ?? { channels: {} })
  const before = parsed.success ? parsed.data : { channels: {} }
  return {
    ...before,
    channels: Object.fromEntries(channels.map((name) => [name, before.channels[name] ?? UNTRIED])),
  }
}

/** As a job starts again that a person took out of the failed ones: what was given up is open once more. */
export function reopened(progress: Progress): Progress {
  const channels = Object.entries(progress.channels).map(([name, channel]) => [
    name,
    channel.state === 'failed' ? { ...channel, ...UNTRIED } : channel,
  ])
  return { ...progress, channels: Object.fromEntries(channels) }
}

export interface AttemptRules {
  /** Failures of one channel after which it is given up. */
  readonly attempts: number
  readonly backoff: Backoff
  /** Of the wall clock, ms. */
  readonly now: number
}

/** What an attempt makes of a channel. */
export function afterAttempt(
  before: ChannelProgress,
  outcome: Attempt,
  { attempts, backoff, now }: AttemptRules,
): ChannelProgress {
  if (outcome.kind === 'delivered') return { ...before, state: 'delivered' }
  const detail = 'detail' in outcome && outcome.detail !== undefined ? { detail: outcome.detail } : {}
  const why = { reason: outcome.reason, ...detail }
  if (outcome.kind !== 'retry') return { ...before, ...why, state: outcome.kind === 'skipped' ? 'skipped' : 'failed' }
  const { afterMs } = outcome
  // Whoever says when to come again is alive: that wish is granted, and is no failure.
  const failures = before.failures + (afterMs === undefined ? 1 : 0)
  const pauseMs = Math.max(afterMs ?? 0, pauseAfter(Math.max(1, failures), backoff))
  const state = failures >= attempts ? 'failed' : 'open'
  return { ...before, ...why, state, failures, notBefore: now + pauseMs }
}
