import type { Role } from '../event.ts'
import { RING_REACH, type Rings } from '../state/customer-state.ts'

/** Whether this id was folded within the ring's reach. */
export function remembers(rings: Rings, role: Role, idHash: number): boolean {
  return rings[role]?.includes(idHash) ?? false
}

/** The rings with one id more; the oldest of its role falls out beyond `RING_REACH`. */
export function remember(rings: Rings, role: Role, idHash: number): Rings {
  const ids = rings[role] ?? []
  const from = ids.length < RING_REACH ? 0 : 1
  const kept = new Array<number>(ids.length + 1 - from)
  for (let i = from; i < ids.length; i++) kept[i - from] = ids[i]!
  kept[kept.length - 1] = idHash
  const { purchases, support, engagement, profile, actions } = rings
  const next: { -readonly [R in Role]: Rings[R] } = { purchases, support, engagement, profile, actions }
  next[role] = kept
  return next
}
