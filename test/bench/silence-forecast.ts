import { episodeId } from '@holdfast/contracts'
import {
  type Band,
  type CustomerState,
  type EvaluateContext,
  evaluate,
  fold,
  logitOf,
  probabilityOf,
  see,
} from '@holdfast/core'

/** A band that a silent customer enters. Instants in ms of domain time. */
export interface Crossing {
  readonly customerId: string
  readonly band: Band
  /** When the customer crosses into the band: the minute, or for a lapse the millisecond. */
  readonly at: number
  /** When the customer leaves it again, within what was looked at. */
  readonly until: number
  /** Names the record of the change; customers who come back to a band by silence alone have the same one twice. */
  readonly episodeId: string
  /** Id of the job that the change has to cause. */
  readonly job: string | undefined
}

/**
 * What silence does to a customer in (from, to]: every look is taken at the very instant of its appointment, in plain
 * arithmetic.
 */
export function forecast(
  customerId: string,
  state: CustomerState,
  { from, to }: { readonly from: number; readonly to: number },
  context: EvaluateContext,
): readonly Crossing[] {
  const crossings: Crossing[] = []
  let current = state
  let looked = from
  for (let at: number | undefined = from; at !== undefined && at <= to; ) {
    const seen = see(current, at)
    const logit = logitOf(context.model, seen.vector)
    const { decided, decision, changedFrom, nextLookAt } = evaluate(
      current,
      at,
      { logit, probability: probabilityOf(logit) },
      context,
      seen,
    )
    const { action, disposition, episodeAt } = decision
    const isNew = changedFrom !== undefined || current.decided?.disposition !== disposition
    const job = action !== undefined && disposition === 'queued' && isNew ? action : undefined
    if (changedFrom !== undefined) {
      const { band, enteredAt } = decided
      // Of a band that was left and is entered anew, entered-at is the first time; here it is this time that counts.
      const crossedAt = enteredAt > looked && enteredAt <= at ? enteredAt : at
      const last = crossings.pop()
      if (last !== undefined) crossings.push({ ...last, until: crossedAt })
      crossings.push({
        customerId,
        band,
        at: crossedAt,
        until: Number.POSITIVE_INFINITY,
        episodeId: episodeId(customerId, band, enteredAt),
        job: job && episodeId(customerId, band, episodeAt),
      })
    }
    const next = { ...current, decided }
    current = job
      ? fold(next, {
          type: 'action.decided',
          action: job,
          customerId,
          time: at,
          knownAt: at,
          idHash: 0,
          enteredAt: episodeAt,
        })
      : next
    looked = at
    at = nextLookAt
  }
  return crossings.filter(({ at }) => at > from)
}
