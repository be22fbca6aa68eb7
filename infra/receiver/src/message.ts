import { z } from 'zod'

/** One thing that arrived, as it is kept and shown. */
export const receivedSchema = z.object({
  /** Counts from 1 on, over restarts too. */
  number: z.int(),
  receivedAt: z.string(),
  kind: z.enum(['webhook', 'slack', 'email']),
  /** What the sender was told: `taken` for yes; `refused` where a signature was wrong; `fault` for what a test asked for. */
  outcome: z.enum(['taken', 'refused', 'fault']),
  /** Path of a post, or the recipients of a mail. */
  to: z.string(),
  /** `webhook-id`, or what stands in for it: the episode of a mail, or of a Slack post. */
  idempotencyKey: z.string().optional(),
  /** Whether a webhook's signature is right; absent where there is none to be verified. */
  verified: z.boolean().optional(),
  /** Why not. */
  problem: z.string().optional(),
  headers: z.record(z.string(), z.string()),
  subject: z.string().optional(),
  from: z.string().optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  /** As it came, of a post. */
  body: z.string().optional(),
})
export type Received = z.output<typeof receivedSchema>
export type NewlyReceived = Omit<Received, 'number' | 'receivedAt'>
