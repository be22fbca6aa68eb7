import type { Installation } from '../installation.ts'
import { collectFigures, type Figures } from '../status/collect.ts'

/** What is seen at one tick. */
export interface Sample {
  /** Wall clock, RFC 3339. */
  readonly at: string
  /** Records folded a second since the last tick; undefined at the first. */
  readonly recordsPerSecond: number | undefined
  /** Longest wait of an appointment at any tick of the last minute, wall clock, s. */
  readonly lateSecondsMax: number
  readonly figures: Figures
}

const REMEMBERED_MS = 60_000

/** Looks again and again; each look knows the ones before. */
export function createSampler(on: Installation, now: () => number = Date.now): () => Promise<Sample> {
  let last: { at: number; read: number } | undefined
  let late: { at: number; seconds: number }[] = []
  return async () => {
    const figures = await collectFigures(on)
    const at = now()
    const rate = last === undefined || at <= last.at ? undefined : rateOf(last, { at, read: figures.recordsRead })
    last = { at, read: figures.recordsRead }
    late = [...late.filter((seen) => seen.at > at - REMEMBERED_MS), { at, seconds: figures.lateSeconds }]
    const lateSecondsMax = Math.max(...late.map(({ seconds }) => seconds))
    return { at: new Date(at).toISOString(), recordsPerSecond: rate, lateSecondsMax, figures }
  }
}

function rateOf(from: { at: number; read: number }, to: { at: number; read: number }): number {
  // After a rebuild, offsets begin anew.
  return Math.max(0, ((to.read - from.read) * 1_000) / (to.at - from.at))
}
