import type { Own } from '../state/customer-state.ts'
import type { OwnableGroup } from '../state/groups/index.ts'

/**
 * The group of a draft that may be changed in place: a blank one where there is none yet, a copy where it is still the one of
 * the state that the draft was made from, else the draft's own.
 */
export function own<G>(kind: OwnableGroup<G>, mine: G | undefined, shared: G | undefined): Own<G> {
  if (mine === undefined) return kind.blank()
  return mine === shared ? kind.copy(mine) : (mine as Own<G>)
}
