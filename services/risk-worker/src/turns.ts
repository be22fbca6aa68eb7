/** Does one thing at a time, in the order of asking. */
export class Turns {
  private tail: Promise<unknown> = Promise.resolve()

  /** Has work done when all that was asked for before has ended, well or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.tail.then(work)
    this.tail = done.catch(() => {})
    return done
  }
}
