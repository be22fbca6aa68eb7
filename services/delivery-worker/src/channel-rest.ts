/** What a channel may do now. */
export type Admission = { readonly kind: 'go' } | { readonly kind: 'wait'; readonly forMs: number }

/** Failures in a row after which a channel rests. */
const PATIENCE = 5
const FIRST_REST_MS = 500
const LONGEST_REST_MS = 15_000
/** While one attempt finds out whether the receiver is back, the others ask again after this, ms. */
const ASK_AGAIN_MS = 500

/**
 * Lets a channel rest whose attempts fail one after the other (a circuit breaker): a receiver that is down costs the jobs no
 * attempt and holds up no other channel; now and then one job finds out whether it is back.
 */
export class ChannelRest {
  private failures = 0
  private rests = 0
  private until = 0
  private probing = false

  admit(now: number): Admission {
    if (now < this.until) return { kind: 'wait', forMs: this.until - now }
    if (this.failures < PATIENCE) return { kind: 'go' }
    if (this.probing) return { kind: 'wait', forMs: ASK_AGAIN_MS }
    this.probing = true
    return { kind: 'go' }
  }

  /** The receiver answered what it meant to answer, be it a refusal. */
  succeeded(): void {
    this.probing = false
    this.failures = 0
    this.rests = 0
  }

  /** It did not; `wishMs` where it said how long it wants to be left alone. */
  failed(now: number, wishMs = 0): void {
    const wasProbe = this.probing
    this.probing = false
    this.failures++
    this.until = Math.max(this.until, now + Math.min(LONGEST_REST_MS, wishMs))
    if (this.failures === PATIENCE || wasProbe) {
      this.until = Math.max(this.until, now + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.rests))
      this.rests++
    }
  }

  isResting(now: number): boolean {
    return now < this.until || this.failures >= PATIENCE
  }
}
