import type { Role } from '../event.ts'
import { RING_REACH, type Rings } from '../state/customer-state.ts'

/** Whether this id was folded within the ring's reach. */
export function remembers(rings: Rings, role: Role, idHash: number): boolean {
  return rings[role]?.includes(idHash) ?? false
}

/** The rings with one id more; the oldest of its role falls out beyond `RING_REACH`. */
export function remember(rings: Rings, role: Role, idHash: number): Rings {
  const ids = rings[role] ?? []
  const kept = ids.length < RING_REACH ? ids.slice() : ids.slice(1)
  kept.push(idHash)
  return { ...rings, [role]: kept }
}
