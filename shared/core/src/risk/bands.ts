import type { Band, CustomerState } from '../state/customer-state.ts'
import type { RiskModel } from './model.ts'

/** Logits of a band: from `low` up to but without `high`. */
export interface LogitRange {
  readonly low: number
  readonly high: number
}

export type RiskBand = 'healthy' | 'watch' | 'at_risk'

/** The logits of each band, seen from the band that the customer was in: leaving downwards needs the margin. */
export function rangeOf(band: RiskBand, previous: Band | undefined, model: RiskModel): LogitRange {
  const margin = model.hysteresisLogit
  const watch = model.watchLogit - (previous === 'watch' || previous === 'at_risk' ? margin : 0)
  const atRisk = model.atRiskLogit - (previous === 'at_risk' ? margin : 0)
  if (band === 'healthy') return { low: Number.NEGATIVE_INFINITY, high: watch }
  if (band === 'watch') return { low: watch, high: atRisk }
  return { low: atRisk, high: Number.POSITIVE_INFINITY }
}

/** The instant, ms, from which the customer is lapsed if nothing happens; undefined without a purchase. */
export function lapsesAt(state: CustomerState, model: RiskModel): number | undefined {
  const last = state.purchases?.recent[0]
  return last === undefined ? undefined : last + model.horizonMs
}

/** The band at an instant, given the logit then and the band before. */
export function bandAt(
  state: CustomerState,
  at: number,
  logit: number,
  previous: Band | undefined,
  model: RiskModel,
): Band {
  const lapse = lapsesAt(state, model)
  if (lapse === undefined) return 'prospect'
  if (at >= lapse) return 'lapsed'
  if (logit >= rangeOf('at_risk', previous, model).low) return 'at_risk'
  return logit >= rangeOf('watch', previous, model).low ? 'watch' : 'healthy'
}
