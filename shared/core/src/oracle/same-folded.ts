import type { CustomerState } from '../state/customer-state.ts'

/** Decayed sums add up in the order of arrival, so their last bits may differ: relative breadth that is allowed. */
const DECAYED_BREADTH = 1e-9

/** Below this a sum has decayed into numbers that no longer hold 53 bits. */
const VANISHED = 1e-290

/**
 * Undefined when two states agree in their folded halves (rings and the decided half aside); else the first difference,
 * in words. Whole numbers and times must be equal; decayed sums, which stand at the group's newest event, agree within
 * 1e-9 relative.
 */
export function sameFolded(a: CustomerState, b: CustomerState): string | undefined {
  return difference(
    { ...a, rings: undefined, decided: undefined },
    { ...b, rings: undefined, decided: undefined },
    'state',
    false,
  )
}

function difference(a: unknown, b: unknown, path: string, decayed: boolean): string | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const equal = decayed ? Math.abs(a - b) <= DECAYED_BREADTH * Math.max(Math.abs(a), Math.abs(b)) + VANISHED : a === b
    return equal ? undefined : `${path}: ${a} against ${b}`
  }
  if (!isRecord(a) || !isRecord(b)) return a === b ? undefined : `${path}: ${inWords(a)} against ${inWords(b)}`
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference(a[key], b[key], `${path}.${key}`, decayed || key.startsWith('decayed'))
    if (found !== undefined) return found
  }
  return undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function inWords(value: unknown): string {
  if (value === undefined) return 'nothing'
  return isRecord(value) ? JSON.stringify(value) : String(value)
}
