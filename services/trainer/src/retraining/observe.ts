import type { TRAINER_METRICS, WATCH_METRICS } from '@holdfast/contracts'
import type { Collectors, JobQueue } from '@holdfast/platform'
import { observeWatch, type Watched } from '../watch/index.ts'
import type { RetrainingJob } from './job.ts'
import type { Outcome } from './outcome.ts'
import type { RetrainingStore } from './record.ts'
import { nextRun, SCHEDULES } from './schedule.ts'

export interface ObserverOptions {
  readonly metrics: Collectors<typeof TRAINER_METRICS & typeof WATCH_METRICS>
  readonly queue: JobQueue<RetrainingJob>
  readonly record: RetrainingStore
}

/** Turns what the trainer does, and what the installation remembers of it, into the metrics of `contracts/metrics.ts`. */
export function createObserver({ metrics, queue, record }: ObserverOptions) {
  return {
    ended({ why, kind, startedAt, endedAt }: Outcome) {
      metrics.retrainings.inc({ why, outcome: kind })
      metrics.retrainingSeconds.observe((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000)
    },
    watched: (found: Watched) => observeWatch(metrics, found),
    watchFailed: () => metrics.watches.inc({ outcome: 'failed' }),
    async whileRunning<T>(work: () => Promise<T>): Promise<T> {
      metrics.retrainingRunning.set(1)
      try {
        return await work()
      } finally {
        metrics.retrainingRunning.set(0)
      }
    },
    /** Reads what Redis knows. */
    async sample() {
      const { outcomes, open } = await record.read()
      const [newest] = outcomes
      metrics.retrainingLast.reset()
      if (newest !== undefined) {
        metrics.retrainingLast.set({ outcome: newest.kind }, 1)
        metrics.retrainingLastEnded.set(Date.parse(newest.endedAt) / 1_000)
      }
      metrics.proposalOpen.set(open === undefined ? 0 : 1)
      metrics.retrainingNext.reset()
      for (const schedule of SCHEDULES) {
        const next = await nextRun(queue, schedule)
        if (next !== undefined) metrics.retrainingNext.set({ schedule }, next / 1_000)
      }
    },
  }
}
