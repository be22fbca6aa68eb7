import { z } from 'zod'

/** How the receiver is to misbehave, for tests: on one path, so many times, then it behaves again. */
export const faultSchema = z.strictObject({
  /** Path of posts such as `/webhooks/support`, or `smtp`. */
  path: z.string().min(1),
  kind: z.enum([
    /** Takes the request and never answers. */
    'hang',
    /** Answers with `status`. */
    'status',
    /** Answers 307 to `location`. */
    'redirect',
    /** Ends the connection without an answer. */
    'close',
    /** Ends the connection in the middle of the answer's head. */
    'close-midway',
    /** Keeps the message, then ends the connection: the answer gets lost. */
    'take-and-close',
  ]),
  status: z.int().min(200).max(599).default(500),
  location: z.string().default('/elsewhere'),
  /** Seconds or an HTTP date, in the header of the same name. */
  retryAfter: z.string().optional(),
  /** Messages that meet the fault. */
  times: z.int().min(1).default(1_000_000_000),
})
export type Fault = z.output<typeof faultSchema>

/** The faults that are asked for now, one a path. */
export class Faults {
  private readonly byPath = new Map<string, Fault>()

  set(fault: Fault): void {
    this.byPath.set(fault.path, fault)
  }

  clear(): void {
    this.byPath.clear()
  }

  /** The fault that the next message on this path meets. */
  take(path: string): Fault | undefined {
    const fault = this.byPath.get(path)
    if (fault === undefined) return undefined
    if (fault.times === 1) this.byPath.delete(path)
    else this.byPath.set(path, { ...fault, times: fault.times - 1 })
    return fault
  }

  list(): readonly Fault[] {
    return [...this.byPath.values()]
  }
}
