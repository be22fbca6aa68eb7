import { HoldfastError } from '@holdfast/platform'
import { iso } from '../dataset/guard.ts'

/** @throws HoldfastError WINDOW_INVALID */
export function requireWindow({ from, to }: { readonly from: number; readonly to: number }): void {
  if (from < to) return
  throw new HoldfastError({
    code: 'WINDOW_INVALID',
    message: `the backtest would begin on ${iso(from)} and end on ${iso(to)}`,
    cure: 'give --from an earlier date than --to.',
  })
}

/** @throws HoldfastError WINDOW_OUTSIDE_LOG */
export function requireStartOfLog(from: number, firstKnownAt: number): void {
  if (from >= firstKnownAt) return
  throw outside(
    `on ${iso(from)} nothing was known yet: the first event of the log became known on ${iso(firstKnownAt)}`,
    'take a later --from, best some months after the first event: a model needs history to see anything.',
  )
}

/** Silence after the end of a log is not the customers'. @throws HoldfastError WINDOW_OUTSIDE_LOG */
export function requireEndOfLog(to: number, until: number): void {
  if (to <= until) return
  throw outside(
    `the log ends on ${iso(until)}, before ${iso(to)}: silence there would be taken for customers who leave`,
    `take a --to no later than ${iso(until)}.`,
  )
}

function outside(message: string, cure: string): HoldfastError {
  return new HoldfastError({ code: 'WINDOW_OUTSIDE_LOG', message, cure })
}
