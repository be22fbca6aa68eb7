export { type Add, addCounterChanges, addCounters, type Counted, counted } from './aggregates/counters.ts'
export * from './backtest/index.ts'
export * from './clv/index.ts'
export * from './evaluate.ts'
export * from './event.ts'
export * from './features/facts.ts'
export * from './features/row.ts'
export * from './features/sight.ts'
export type { Rhythm, StillFacts } from './features/still-facts.ts'
export * from './features/table.ts'
export { decayFactor } from './fold/decay.ts'
export { fold, foldInto } from './fold/fold.ts'
export * from './hash.ts'
export * from './policy/decide.ts'
export * from './policy/policy.ts'
export { whyWithheld } from './policy/withheld.ts'
export * from './profile.ts'
export { bandAt, type LogitRange, lapsesAt, type RiskBand, rangeOf } from './risk/bands.ts'
export { enteredAt, nextBandLook } from './risk/crossings.ts'
export { JUDGED_BINS, judge } from './risk/judge.ts'
export * from './risk/model.ts'
export type { Reason } from './risk/reasons.ts'
export { predictedValueMinor, valueHistory } from './risk/value.ts'
export type { LayoutRow } from './state/codec.ts'
export * from './state/customer-state.ts'
export {
  decodeState,
  decodeStored,
  describeLayout,
  encodeFolded,
  encodeState,
  encodeStored,
  LAYOUT_VERSION,
  type Stored,
} from './state/layout.ts'
export * from './time.ts'
export {
  decodeTimeline,
  NO_TIMELINE,
  TIMELINE_ENTRY_BYTES,
  TIMELINE_KINDS,
  type TimelineEntry,
  type TimelineKind,
} from './timeline.ts'
