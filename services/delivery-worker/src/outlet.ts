import { asError } from '@holdfast/platform'
import type { ChannelRest } from './channel-rest.ts'
import type { Attempt, Channel } from './channels/channel.ts'
import type { Message } from './message/message.ts'

/** A channel of a queue, and whether it may be bothered now. */
export interface Outlet {
  readonly channel: Channel
  readonly rest: ChannelRest
}

export type Passed =
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'tried'; readonly outcome: Attempt; readonly ms: number }

/** Hands a message to the channel, unless that rests; the channel learns from how it went. Never throws. */
export async function pass({ channel, rest }: Outlet, message: Message): Promise<Passed> {
  const admission = rest.admit(Date.now())
  // Not all at once when the rest is over.
  if (admission.kind === 'wait') return { kind: 'wait', forMs: admission.forMs * (1 + Math.random()) }
  const startedAt = performance.now()
  const outcome = await channel.send(message).catch(
    // A defect of ours is no reason to lose count of what a channel may do.
    (thrown: unknown): Attempt => ({ kind: 'retry', reason: 'defect', detail: asError(thrown).message }),
  )
  if (outcome.kind === 'retry') rest.failed(Date.now(), outcome.afterMs)
  else rest.succeeded()
  return { kind: 'tried', outcome, ms: performance.now() - startedAt }
}
