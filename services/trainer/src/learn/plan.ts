import type { Split } from '../dataset/split.ts'
import { TrainerError } from '../errors.ts'

const DAY_MS = 86_400_000

/** A window that candidates are judged on, and the cutoffs that they may learn from: all labels known by then. */
export interface Window {
  readonly validation: number
  readonly learnFrom: readonly number[]
}

/** Which cutoffs teach, which choose, and which one only measures; all in ms, ascending. */
export interface Plan {
  readonly training: readonly number[]
  /** For the strength of the ridge, the thresholds and calibration; none where the cutoffs lie too close together. */
  readonly windows: readonly Window[]
  readonly test: number | undefined
}

/** More windows cost more fits than they add. */
const MOST_WINDOWS = 3

/**
 * The windows that training cutoffs allow. Nothing is chosen on the test cutoff, and no label that a model learned from
 * reaches past the cutoff that it is judged at.
 *
 * @throws TrainerError `leaks` when a training label would not have been known at the test cutoff; `too_little_data` when
 *   neither a test cutoff is given nor a training cutoff late enough to measure at
 */
export function planCutoffs(training: readonly number[], test: number | undefined, horizonMs: number): Plan {
  const cutoffs = [...training].sort((a, b) => a - b)
  if (test !== undefined) {
    const late = cutoffs.filter((cutoff) => cutoff + horizonMs > test)
    if (late.length > 0) {
      throw new TrainerError(
        'leaks',
        `the ${horizonMs / DAY_MS} days after ${late.map(day).join(', ')} end after the test cutoff ${day(test)}: the model would learn from what it is tested on. Train on cutoffs no later than ${day(test - horizonMs)}, or test later`,
      )
    }
  }
  const windows = cutoffs
    .map((validation) => ({ validation, learnFrom: cutoffs.filter((cutoff) => cutoff + horizonMs <= validation) }))
    .filter(({ learnFrom }) => learnFrom.length > 0)
    .slice(-MOST_WINDOWS)
  if (test === undefined && windows.length === 0) {
    throw new TrainerError(
      'too_little_data',
      `there is no later window to measure the model on: give --test-cutoff, ${day(cutoffs.at(-1)! + horizonMs)} at the earliest, or training cutoffs that lie ${horizonMs / DAY_MS} days apart`,
    )
  }
  return { training: cutoffs, windows, test }
}

export function planOfSplit({ selection, validation, training, test }: Split): Plan {
  return { training, windows: [{ validation, learnFrom: selection }], test }
}

function day(time: number): string {
  const text = new Date(time).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}
