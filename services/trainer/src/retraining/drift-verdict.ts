import type { DriftRecord } from '@holdfast/contracts'
import { daysToTrain } from '../dataset/split.ts'
import { DEFAULT_SETTINGS } from '../settings.ts'
import type { History } from '../watch/index.ts'

/** What has drifted: a feature, or `the score`. */
export interface Drifted {
  readonly of: string
  readonly psi: number
}

/** What a look at drift comes to. */
export type Verdict =
  /** Whether anything was measured or not, nothing has drifted far. */
  | { readonly kind: 'little' }
  | { readonly kind: 'retrain'; readonly drifted: Drifted }
  /** Something has drifted far, and a retraining now would mend nothing. */
  | { readonly kind: 'by_nature' | 'too_young'; readonly drifted: Drifted; readonly says: string }

/** Customers only grow older: this tells of the age of the installation, not of what they do. */
const GROWS_BY_ITSELF: ReadonlySet<string> = new Set([
  'tenureYears',
  'logTenure',
  'hasYear',
  'logRecencyTimesLogTenure',
])
const SCORE = 'the score'

type Measured = Pick<DriftRecord, 'features' | 'score' | 'chance'>

/**
 * Whether drift calls for a retraining. The score's does. That of a feature does once the history reaches as far back as the
 * one that the champion learned from: before that whatever remembers long is smaller by nature, so a young installation would
 * retrain all the time. Tenure and what is made of it never does, nor what chance makes of few customers, nor anything while
 * there is too little history to train on.
 *
 * @param above population stability index
 */
export function judgeDrift(drift: Measured, history: History, above: number | 'off'): Verdict {
  const isFar = ({ psi }: Drifted) => above !== 'off' && psi > above && psi > (drift.chance ?? 0)
  const far = allDrifted(drift).filter(isFar)
  const [farthest] = far
  if (farthest === undefined) return { kind: 'little' }
  const { days, learnedDays, horizonDays } = history
  const needed = daysToTrain(horizonDays, DEFAULT_SETTINGS.warmUpDays)
  if (days < needed) {
    const says = `what is known reaches back ${days.toFixed(0)} days, and to retrain for ${horizonDays} days ahead takes ${needed}`
    return { kind: 'too_young', drifted: farthest, says }
  }
  const isGrown = days >= (learnedDays ?? 0)
  const calling = far.find(({ of }) => of === SCORE || (isGrown && !GROWS_BY_ITSELF.has(of)))
  if (calling !== undefined) return { kind: 'retrain', drifted: calling }
  const says = isGrown
    ? 'customers only grow older'
    : `what is known reaches back ${days.toFixed(0)} days, the champion learned from ${learnedDays?.toFixed(0)}, and the score has not drifted`
  return { kind: 'by_nature', drifted: farthest, says }
}

/** Farthest first; nothing where nothing was measured. */
export function allDrifted({ features, score }: Pick<Measured, 'features' | 'score'>): readonly Drifted[] {
  const all = features.map(({ feature, psi }) => ({ of: feature, psi }))
  return [...all, ...(score === null ? [] : [{ of: SCORE, psi: score }])].sort((a, b) => b.psi - a.psi)
}
