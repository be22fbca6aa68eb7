export interface Fault {
  readonly field: string
  readonly reason: string
}

/** Deeper than any event needs, and far from where a stack would end. */
const MAX_DEPTH = 32

/**
 * What JSON can say and what, written again, would say something else: a number too large for a double reads as Infinity, and
 * Infinity writes as null. Also nesting so deep that writing it would exhaust the stack.
 */
export function findFault(value: unknown, path = '', depth = 0): Fault | undefined {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return undefined
    return { field: path, reason: `expected a number that a double can hold, got ${value}` }
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === MAX_DEPTH) return { field: topOf(path), reason: `nested more than ${MAX_DEPTH} deep` }
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string') continue
    const fault = findFault(member, path === '' ? name : `${path}.${name}`, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

function topOf(path: string): string {
  return path.split('.')[0] ?? path
}
