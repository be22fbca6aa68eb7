import type { Role } from '../event.ts'
import { copyOfRings, type Draft, type OwnRings, RING_REACH, type Rings } from '../state/customer-state.ts'
import { RING } from '../state/groups/index.ts'
import { own } from './own.ts'

/** Whether this id was folded within the ring's reach. */
export function remembers(rings: Rings, role: Role, idHash: number): boolean {
  return rings[role]?.includes(idHash) ?? false
}

/** Puts an id into the ring of its role; the oldest falls out beyond `RING_REACH`. */
export function remember(draft: Draft, shared: Rings, role: Role, idHash: number): void {
  if (draft.rings === shared) draft.rings = copyOfRings(shared)
  const rings = draft.rings as OwnRings
  const ids = own(RING, rings[role], shared[role])
  rings[role] = ids
  push(ids, idHash)
}

function push(ids: number[], idHash: number): void {
  if (ids.length < RING_REACH) {
    ids.push(idHash)
    return
  }
  for (let i = 1; i < RING_REACH; i++) ids[i - 1] = ids[i]!
  ids[RING_REACH - 1] = idHash
}
