import { type CustomerState, type Decided, RECENT_PURCHASES } from '../state/customer-state.ts'
import { NEVER } from '../time.ts'

/** How finely a judged prediction remembers its probability. */
export const JUDGED_BINS = 50

/** The prediction that is still open after an evaluation at `at`, and the last one that was judged (see `Decided`). */
export interface Judgement {
  readonly predictedAt: number
  readonly predictedProbability: number
  readonly judged: number
}

/**
 * Judges an open prediction once it can be: returned as soon as a purchase lies within the horizon after it, churned when the
 * horizon has passed without one. Where more purchases followed than a state remembers, and none of those within the
 * horizon is left, the prediction is dropped unjudged.
 */
export function judge(state: CustomerState, before: Decided | undefined, at: number, horizonMs: number): Judgement {
  const judged = before?.judged ?? 0
  if (before === undefined || before.predictedAt === NEVER) {
    return { predictedAt: NEVER, predictedProbability: 0, judged }
  }
  const { predictedAt, predictedProbability } = before
  const maturesAt = predictedAt + horizonMs
  const recent = state.purchases?.recent ?? []
  const returned = isAnyWithin(recent, predictedAt, maturesAt)
  if (!returned && at < maturesAt) return { predictedAt, predictedProbability, judged }
  const forgotten = recent.length === RECENT_PURCHASES && recent[RECENT_PURCHASES - 1]! > maturesAt
  return {
    predictedAt: NEVER,
    predictedProbability: 0,
    judged: forgotten ? judged : judgedCode(predictedProbability, !returned),
  }
}

/** Whether any of the instants lies after `from` and not after `to`. */
function isAnyWithin(instants: readonly number[], from: number, to: number): boolean {
  for (let i = 0; i < instants.length; i++) if (instants[i]! > from && instants[i]! <= to) return true
  return false
}

function judgedCode(probability: number, churned: boolean): number {
  const bin = Math.min(JUDGED_BINS - 1, Math.floor(probability * JUDGED_BINS))
  return 1 + 2 * bin + (churned ? 1 : 0)
}
