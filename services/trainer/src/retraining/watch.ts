import type { JobQueue, JobVerdict, Logger } from '@holdfast/platform'
import type { Watched } from '../watch/index.ts'
import { type RetrainingJob, retrainForDrift } from './job.ts'
import type { runChild } from './run-child.ts'

export interface WatchStepOptions {
  readonly queue: JobQueue<RetrainingJob>
  readonly run: typeof runChild
  /** Population stability index above which drift retrains; `off` for never. */
  readonly retrainAbove: number | 'off'
  /** Drift retrains at most once within this time, wall clock, ms. */
  readonly restMs: number
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onWatched: (watched: Watched) => void
}

/** Looks at how the champion does, and asks for a retraining where customers have drifted too far. The next look comes by itself. */
export function createWatchStep({ queue, run, retrainAbove, restMs, log, signal, onWatched }: WatchStepOptions) {
  return async function watchStep(): Promise<JobVerdict> {
    const answer = await run({ kind: 'watch' }, log, signal).catch((thrown: unknown) => {
      if (signal.aborted) return undefined
      throw thrown
    })
    if (answer?.kind === 'failed')
      log.warn({ why: answer.says }, 'the look at the champion failed; the next one comes by itself')
    if (answer?.kind === 'watched') {
      onWatched(answer.watched)
      await judge(answer.watched)
    }
    return { kind: 'done', forget: true }
  }

  async function judge({ drift }: Watched): Promise<void> {
    if (drift === undefined) return
    const largest = largestDrift(drift)
    if (largest === undefined) return
    log.info({ ...largest, model: drift.model.version }, 'looked how far customers have drifted')
    if (!callsForRetraining(largest.psi, drift, retrainAbove)) return
    const because = `${largest.of} has drifted: population stability index ${largest.psi.toFixed(3)}, above ${retrainAbove}`
    const isQueued = await retrainForDrift(queue, because, restMs)
    log.warn(largest, `${because}: ${isQueued ? 'a retraining is queued' : 'it was retrained for drift already'}`)
  }
}

type Drift = NonNullable<Watched['drift']>

/** Whether so much drift calls for a retraining; what chance alone makes of few customers does not. */
export function callsForRetraining(psi: number, drift: Pick<Drift, 'chance'>, above: number | 'off'): boolean {
  return above !== 'off' && psi > above && psi > (drift.chance ?? 0)
}

/** What has drifted farthest: a feature, or the score; undefined where nothing was measured. */
export function largestDrift({ features, score }: Pick<Drift, 'features' | 'score'>) {
  const all = [
    ...features.map(({ feature, psi }) => ({ of: feature, psi })),
    ...(score === null ? [] : [{ of: 'the score', psi: score }]),
  ]
  return all.reduce<(typeof all)[number] | undefined>(
    (most, one) => (most === undefined || one.psi > most.psi ? one : most),
    undefined,
  )
}
