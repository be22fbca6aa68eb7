import { see } from './features/sight.ts'
import { type Decision, decide } from './policy/decide.ts'
import type { Policy } from './policy/policy.ts'
import { bandAt } from './risk/bands.ts'
import { enteredAt, nextBandLook } from './risk/crossings.ts'
import { judge } from './risk/judge.ts'
import type { RiskModel } from './risk/model.ts'
import { type Reason, reasons } from './risk/reasons.ts'
import { SilentLogit } from './risk/silence.ts'
import { predictedValueMinor } from './risk/value.ts'
import type { Band, CustomerState, Decided } from './state/customer-state.ts'
import { NEVER } from './time.ts'

/** What the model said of a customer: float32, from TensorFlow.js. */
export interface Score {
  readonly logit: number
  readonly probability: number
}

export interface EvaluateContext {
  readonly model: RiskModel
  readonly policy: Policy
  readonly modelMaySend: boolean
}

/** What one look at a customer found. */
export interface Evaluation {
  /** The new decided half of the state. */
  readonly decided: Decided
  readonly decision: Decision
  /** The band before, where this look found another one. */
  readonly changedFrom: Band | 'none' | undefined
  /** The next instant, ms, at which silence alone may change anything; undefined if never. */
  readonly nextLookAt: number | undefined
}

/**
 * Looks at a customer at an instant, with the score that the model gave the state's vector at that instant: band, decision,
 * and the appointment for the next look. Pure. Not for an erased customer, who is looked at no more.
 * @param seen the state at that instant, where the caller has it already
 */
export function evaluate(
  state: CustomerState,
  at: number,
  score: Score,
  context: EvaluateContext,
  seen = see(state, at),
): Evaluation {
  const { model } = context
  const silent = new SilentLogit(seen, model)
  const before = state.decided
  const band = bandAt(state, at, score.logit, before?.band, model)
  const isSameStay = before !== undefined && before.band === band
  const entered = isSameStay ? before.enteredAt : enteredAt(state, band, before?.band, at, model, silent)
  const { policy, modelMaySend } = context
  const decision = decide({ state, before, band, enteredAt: entered, at, policy, modelMaySend })
  const hasRisk = band !== 'prospect'
  const probability = hasRisk ? score.probability : 0
  const judgement = judge(state, before, at, model.horizonMs)
  let { predictedAt, predictedProbability } = judgement
  if (predictedAt === NEVER && hasRisk && band !== 'lapsed') {
    predictedAt = at
    predictedProbability = probability
  }
  const decided: Decided = {
    band,
    previousBand: before?.band,
    enteredAt: entered,
    evaluatedAt: at,
    probability,
    expectedLossMinor: Math.round(probability * predictedValueMinor(seen.facts, model.valuation)),
    disposition: decision.disposition,
    heldUntil: decision.heldUntil,
    predictedAt,
    predictedProbability,
    judged: judgement.judged,
  }
  return {
    decided,
    decision,
    changedFrom: isSameStay ? undefined : (before?.band ?? 'none'),
    nextLookAt: earliest(
      nextBandLook(state, band, at, model, silent),
      decision.heldUntil,
      predictedAt === NEVER ? NEVER : predictedAt + model.horizonMs,
    ),
  }
}

/** Reasons for the risk of a state at an instant, strongest first. */
export function reasonsAt(
  state: CustomerState,
  at: number,
  model: RiskModel,
  seen = see(state, at),
): readonly Reason[] {
  return reasons(model, seen.vector, seen.facts)
}

function earliest(...instants: (number | undefined)[]): number | undefined {
  let first: number | undefined
  for (const instant of instants) {
    if (instant !== undefined && instant !== NEVER && (first === undefined || instant < first)) first = instant
  }
  return first
}
