import type { Message } from '../message/message.ts'

export const CHANNEL_NAMES = ['webhook', 'slack', 'email'] as const
export type ChannelName = (typeof CHANNEL_NAMES)[number]

interface Refused {
  /** Short and in our words, for it goes into the log of events: `HTTP 410`. */
  readonly reason: string
  /** In the receiver's words, on one line, for whoever looks at a failed job. It may repeat what is personal. */
  readonly detail?: string
}

/** What became of one attempt to hand a message over. */
export type Attempt =
  | { readonly kind: 'delivered' }
  /** It may work later; `afterMs` where the receiver said when. */
  | (Refused & { readonly kind: 'retry'; readonly afterMs?: number })
  /** It will not work, however often it is tried. */
  | (Refused & { readonly kind: 'rejected' })
  /** There is nobody to hand it to. */
  | { readonly kind: 'skipped'; readonly reason: string }

/** A way out. It never throws, and answers within the time that an attempt may take. */
export interface Channel {
  readonly name: ChannelName
  send(message: Message): Promise<Attempt>
}
