import { see } from '../features/sight.ts'
import { type Band, type CustomerState, newestEventAt } from '../state/customer-state.ts'
import { MINUTE_MS } from '../time.ts'
import { lapsesAt, type RiskBand, rangeOf } from './bands.ts'
import type { RiskModel } from './model.ts'
import { SilentLogit, type Target } from './silence.ts'

/**
 * When the customer entered `band`, ms: the newest event's instant, or the first whole minute after it, at which the state is
 * in it, seen from the band before. A function of the state, so an episode has one beginning however late it is looked at;
 * the minute may end up to one minute after `at`, the instant of looking, which only stands in where the arithmetic finds
 * no entry (the model differs from it within float32). Lapsed is entered when the horizon since the last purchase has passed.
 */
export function enteredAt(
  state: CustomerState,
  band: Band,
  previous: Band | undefined,
  at: number,
  model: RiskModel,
  silent = new SilentLogit(see(state, at), model),
): number {
  const floor = newestEventAt(state)
  if (band === 'prospect') return floor < 0 ? at : floor
  // No event but a purchase ends this band, so what came after the lapse does not begin it anew.
  if (band === 'lapsed') return lapsesAt(state, model)!
  const range = rangeOf(band, previous, model)
  const target: Target = {
    isHit: ({ logit }) => logit >= range.low && logit < range.high,
    isOut: (low, high) => high < range.low || low >= range.high,
    edge: ({ logit }) => (logit < range.low ? range.low : range.high),
  }
  if (target.isHit(silent.sample(floor / MINUTE_MS))) return floor
  const from = Math.floor(floor / MINUTE_MS) + 1
  const lastBeforeLapse = Math.ceil(lapsesAt(state, model)! / MINUTE_MS) - 1
  const to = Math.min(lastBeforeLapse, Math.max(from, Math.ceil(at / MINUTE_MS)))
  const found = silent.first(from, to, target, false)
  return found.kind === 'hit' ? found.minute * MINUTE_MS : at
}

/**
 * The next instant, ms after `at`, at which silence alone may change the band: a crossing to the minute, or only a look at
 * the edge of an interval that is proven quiet. Undefined where silence changes nothing any more. Crossings are aimed past
 * the threshold by the float32 breadth, so that the model, asked then, agrees.
 */
export function nextBandLook(
  state: CustomerState,
  band: Band,
  at: number,
  model: RiskModel,
  silent = new SilentLogit(see(state, at), model),
): number | undefined {
  const lapse = lapsesAt(state, model)
  if (lapse === undefined || lapse <= at) return undefined
  const range = rangeOf(band as RiskBand, band, model)
  const from = Math.floor(at / MINUTE_MS) + 1
  const to = Math.min(Math.floor(lapse / MINUTE_MS), Math.floor((at + 2 * model.horizonMs) / MINUTE_MS))
  if (to < from) return lapse
  const found = silent.first(
    from,
    to,
    {
      isHit: ({ logit, breadth }) => logit >= range.high + breadth || logit < range.low - breadth,
      isOut: (low, high) => low >= range.low && high < range.high,
      edge: (_, { logit, breadth }) => (logit >= range.high ? range.high + breadth : range.low - breadth),
    },
    true,
  )
  if (found.kind === 'hit') return found.minute * MINUTE_MS
  // A quiet stretch that reaches the last minute ends in the lapse, which is known to the millisecond.
  return found.until >= to ? Math.min(lapse, at + 2 * model.horizonMs) : Math.max(found.until, from) * MINUTE_MS
}
