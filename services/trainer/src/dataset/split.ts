import { TrainerError } from '../errors.ts'

const DAY_MS = 86_400_000

export interface SplitRequest {
  /** First and last instant of the log, ms. */
  readonly logStart: number
  readonly logEnd: number
  readonly horizonMs: number
  /** Between training cutoffs, days. */
  readonly stepDays?: number
  /** History before the first cutoff, days. */
  readonly warmUpDays?: number
  /** At most this many training cutoffs, the newest; a whole number of years gives each season its due. */
  readonly mostCutoffs?: number
}

/**
 * Cutoffs split by time. The windows that labels look into never overlap across parts: selection is fitted on labels known
 * by the validation cutoff, the model on labels known by the test cutoff, and nothing is fitted on what comes after.
 */
export interface Split {
  /** Labels end at or before the validation cutoff. */
  readonly selection: readonly number[]
  /** Chooses ridge and thresholds; its labels end at or before the test cutoff. */
  readonly validation: number
  /** Labels end at or before the test cutoff; holds `selection` and `validation`. */
  readonly training: readonly number[]
  /** Only measured; its labels end at or before the log does. */
  readonly test: number
}

/** @throws TrainerError `too_little_data` when the log is too short for three windows in a row */
export function splitByTime(request: SplitRequest): Split {
  const { logStart, logEnd, horizonMs, stepDays = 30, warmUpDays = 90, mostCutoffs = 24 } = request
  const test = logEnd - horizonMs
  const validation = test - horizonMs
  const first = logStart + warmUpDays * DAY_MS
  const training: number[] = []
  for (let cutoff = validation; cutoff >= first && training.length < mostCutoffs; cutoff -= stepDays * DAY_MS) {
    training.unshift(cutoff)
  }
  const selection = training.filter((cutoff) => cutoff + horizonMs <= validation)
  if (selection.length === 0) {
    const days = (ms: number) => Math.floor(ms / DAY_MS)
    throw new TrainerError(
      'too_little_data',
      `the log spans ${days(logEnd - logStart)} days; a horizon of ${days(horizonMs)} days needs ${daysToTrain(days(horizonMs), warmUpDays)} at least (${warmUpDays} to warm up, then one horizon each to train, to validate and to test)`,
    )
  }
  return { selection, validation, training, test }
}

/** How long a log must be to be split, days: to warm up, then one horizon each to train, to validate and to test. */
export function daysToTrain(horizonDays: number, warmUpDays: number): number {
  return warmUpDays + 3 * horizonDays
}
