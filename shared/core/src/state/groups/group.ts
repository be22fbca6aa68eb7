import type { Reader, Sink } from '../codec.ts'
import type { Own } from '../customer-state.ts'

/**
 * A group of the state: how its fields are written, which also names them for the documentation, and how they are read back,
 * in the same order. Two functions and not one, because a state is written and read for nearly every event.
 */
export interface Group<G> {
  blank(): Own<G>
  /** For the documentation, where a blank one would not show every field. */
  example?(): G
  write(sink: Sink, group: G | Own<G>): void
  read(reader: Reader): G
}

/** A group that the fold changes in place. */
export interface OwnableGroup<G> extends Group<G> {
  /** One that shares nothing with this one. */
  copy(group: G): Own<G>
}

export const zeros = (halfLives: readonly number[]): number[] => halfLives.map(() => 0)
