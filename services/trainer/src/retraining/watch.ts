import type { JobQueue, JobVerdict, Logger } from '@holdfast/platform'
import type { Watched } from '../watch/index.ts'
import { allDrifted, judgeDrift } from './drift-verdict.ts'
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
  readonly onFailed: () => void
}

/** Looks at how the champion does, and asks for a retraining where customers have drifted too far. The next look comes by itself. */
export function createWatchStep(options: WatchStepOptions) {
  const { queue, run, retrainAbove, restMs, log, signal, onWatched, onFailed } = options

  return async function watchStep(): Promise<JobVerdict> {
    const answer = await run({ kind: 'watch' }, log, signal).catch((thrown: unknown) => {
      if (signal.aborted) return undefined
      onFailed()
      throw thrown
    })
    if (answer?.kind === 'failed') {
      onFailed()
      log.warn({ why: answer.says }, 'the look at the champion failed; the next one comes by itself')
    }
    if (answer?.kind === 'watched') {
      onWatched(answer.watched)
      await judge(answer.watched)
    }
    return { kind: 'done', forget: true }
  }

  async function judge({ drift, history }: Watched): Promise<void> {
    // Where this look has measured nothing, an earlier one has judged what is known.
    if (drift === undefined || history === undefined) return
    const [farthest] = allDrifted(drift)
    if (farthest === undefined) return
    log.info({ ...farthest, model: drift.model.version }, 'looked how far customers have drifted')
    const verdict = judgeDrift(drift, history, retrainAbove)
    if (verdict.kind === 'little') return
    const { of, psi } = verdict.drifted
    const because = `${of} has drifted: population stability index ${psi.toFixed(3)}, above ${retrainAbove}`
    if (verdict.kind !== 'retrain') {
      log.info({ of, psi }, `${because}, which is no reason to retrain: ${verdict.says}`)
      return
    }
    const isQueued = await retrainForDrift(queue, because, restMs)
    log.warn({ of, psi }, `${because}: ${isQueued ? 'a retraining is queued' : 'it was retrained for drift already'}`)
  }
}
