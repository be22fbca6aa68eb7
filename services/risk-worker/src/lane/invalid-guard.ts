/**
 * Watches the share of invalid records among the newest ones. A bad deploy of a producer must not empty a topic into the dead
 * letters: past one half of a full window the worker stops instead.
 */
export class InvalidGuard {
  /** 1 for an invalid record; a ring. */
  private readonly window: Uint8Array
  private at = 0
  private seen = 0
  private invalid = 0

  constructor(size: number) {
    this.window = new Uint8Array(size)
  }

  /** Whether the newest records are bad beyond bearing once these are counted in. */
  add(valid: number, invalid: number): boolean {
    for (let i = 0; i < valid; i++) this.push(0)
    for (let i = 0; i < invalid; i++) this.push(1)
    return this.seen >= this.window.length && this.invalid * 2 > this.window.length
  }

  reset(): void {
    this.window.fill(0)
    this.at = 0
    this.seen = 0
    this.invalid = 0
  }

  private push(value: 0 | 1): void {
    this.invalid += value - this.window[this.at]!
    this.window[this.at] = value
    this.at = (this.at + 1) % this.window.length
    if (this.seen < this.window.length) this.seen++
  }
}
