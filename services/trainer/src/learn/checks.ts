import { FEATURES } from '@holdfast/core'
import type { Table } from '../dataset/table.ts'
import { TrainerError } from '../errors.ts'

/** Of each outcome: with fewer, whatever a model finds is as likely chance. */
export const FEWEST_OF_EACH = 50

/** Rows of one value in a column, apart from rounding. */
export interface TableFacts {
  readonly rows: number
  readonly churned: number
  /** Features that are the same in every row, so that nothing can be learned from them. */
  readonly constant: readonly string[]
}

/**
 * @throws TrainerError `one_class`, `too_few_positives`, `no_variation`, `not_finite`
 */
export function checkTrainable({ x, y, features }: Table): TableFacts {
  const rows = y.length
  const churned = y.reduce((sum: number, label) => sum + label, 0)
  const stayed = rows - churned
  if (churned === 0 || stayed === 0) {
    throw new TrainerError(
      'one_class',
      `all ${rows} training rows ${churned === 0 ? 'bought again' : 'churned'}, so there is nothing to tell apart: take another horizon, other cutoffs, or another population; is the log complete?`,
    )
  }
  const rarer = Math.min(churned, stayed)
  if (rarer < FEWEST_OF_EACH) {
    throw new TrainerError(
      'too_few_positives',
      `only ${rarer} of ${rows} training rows ${churned < stayed ? 'churned' : 'bought again'}; at least ${FEWEST_OF_EACH} are needed, ${FEWEST_OF_EACH - rarer} more: take more cutoffs, another horizon, or a longer log`,
    )
  }
  const constant: string[] = []
  for (let j = 0; j < features; j++) {
    let varies = false
    for (let i = 0; i < rows; i++) {
      const value = x[i * features + j]!
      if (!Number.isFinite(value)) {
        throw new TrainerError('not_finite', `feature ${FEATURES[j]!.name} of training row ${i + 1} is ${value}`)
      }
      varies ||= value !== x[j]
    }
    if (!varies) constant.push(FEATURES[j]!.name)
  }
  if (constant.length === features) {
    throw new TrainerError(
      'no_variation',
      `all ${features} features are the same in all ${rows} training rows, so nothing can be learned: is this the right log?`,
    )
  }
  return { rows, churned, constant }
}
