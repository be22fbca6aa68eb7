import { WORKLIST_BANDS, type WorklistBand } from '@holdfast/contracts'
import { z } from 'zod'

/**
 * A place in a worklist: highest priority first, equals by the bytes of their id, the greater first, as Redis sorts them. Every
 * customer has one place in this order, so a page that begins behind a place never repeats one before it. Priorities may
 * change between two pages: whoever has sunk below the place is seen again, whoever has risen above it is not seen until the
 * walk begins anew, and nobody else is touched by it.
 */
export interface Place {
  readonly priority: number
  readonly id: string
}

/** Whether `a` comes before `b`, as sort functions tell it. */
export function byPlace(a: Place, b: Place): number {
  return b.priority - a.priority || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id))
}

const cursorSchema = z.tuple([z.enum(WORKLIST_BANDS), z.number(), z.string().min(1)])

/** A text for the address bar that says where the next page begins. */
export function encodeCursor(band: WorklistBand, { priority, id }: Place): string {
  return Buffer.from(JSON.stringify([band, priority, id])).toString('base64url')
}

/** Undefined for a text that is no cursor of this band. */
export function decodeCursor(band: WorklistBand, text: string): Place | undefined {
  const parsed = cursorSchema.safeParse(jsonOf(Buffer.from(text, 'base64url').toString()))
  if (!parsed.success || parsed.data[0] !== band) return undefined
  const [, priority, id] = parsed.data
  return id.isWellFormed() ? { priority, id } : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
