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
  private isArmed = true

  constructor(size: number) {
    this.window = new Uint8Array(size)
  }

  /**
   * Whether the newest records are bad beyond bearing once these are counted in.
   * @param invalidAt places of the invalid ones among them, rising
   */
  add(records: number, invalidAt: readonly number[]): boolean {
    let next = 0
    for (let i = 0; i < records; i++) {
      const isInvalid = invalidAt[next] === i
      if (isInvalid) next++
      this.push(isInvalid ? 1 : 0)
    }
    if (this.seen < this.window.length) return false
    const isTooBad = this.invalid * 2 > this.window.length
    if (this.isArmed) return isTooBad
    this.isArmed = !isTooBad
    return false
  }

  /**
   * Somebody has seen it and wants to go on. What is bad lies in the log still, so the guard lets everything pass until a
   * whole window of records was mostly valid; else it would stop at the same records again and again.
   */
  pardon(): void {
    this.window.fill(0)
    this.at = 0
    this.seen = 0
    this.invalid = 0
    this.isArmed = false
  }

  private push(value: 0 | 1): void {
    this.invalid += value - this.window[this.at]!
    this.window[this.at] = value
    this.at = (this.at + 1) % this.window.length
    if (this.seen < this.window.length) this.seen++
  }
}
