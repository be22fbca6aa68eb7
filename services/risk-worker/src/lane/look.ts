import type { RiskChanged } from '@holdfast/contracts'
import {
  type ActionKind,
  type CustomerState,
  type Decision,
  type Evaluation,
  evaluate,
  FEATURES,
  fold,
  type Policy,
  type RiskModel,
  reasonsAt,
  type Sight,
  see,
  type TimelineEntry,
} from '@holdfast/core'
import type { OutboxEntry } from '@holdfast/platform'
import type { Scorer, Scores } from '@holdfast/scorer'
import { decided, queued, riskChanged, SOURCE, suppressed } from './outgoing.ts'

/** The model that scores: TensorFlow.js, and the same in plain arithmetic. */
export interface ScoringModel {
  readonly model: RiskModel
  readonly scorer: Scorer
  readonly maySend: boolean
}

/** What was scored in one call, for whoever scores it again with another model. */
export interface ScoredBatch extends Scores {
  readonly at: number
  /** A vector a customer, row-major; good until the next call. */
  readonly rows: Float32Array
  /** As they were before the look. */
  readonly customers: readonly (readonly [id: string, state: CustomerState])[]
  readonly looked: readonly Looked[]
}
export type Shadow = (batch: ScoredBatch) => void

export interface LookOptions {
  /** Asked at each look: another model may have been promoted. */
  readonly inUse: () => ScoringModel
  readonly shadow?: Shadow
  readonly policy: Policy
  /** ISO 4217 code of the amounts. */
  readonly currency: string
  readonly partition: number
}

/** What a look at one customer came to. */
export interface Looked {
  readonly id: string
  readonly evaluation: Evaluation
  readonly entry: TimelineEntry | undefined
  readonly outbox: readonly OutboxEntry[]
}

/** Customers scored in one call of the model. */
const MOST_ROWS = 4_096

/**
 * Looks at many customers at one instant: one call of the model for all of them, then band, decision and appointment of each
 * in plain arithmetic.
 */
export function createLookStep({ inUse, shadow, policy, currency, partition }: LookOptions) {
  let rows = new Float32Array(0)
  const underWay = new DecisionsUnderWay()

  return function lookStep(customers: readonly (readonly [id: string, state: CustomerState])[], at: number): Looked[] {
    const looked: Looked[] = []
    for (let from = 0; from < customers.length; from += MOST_ROWS) {
      lookAt(customers.slice(from, from + MOST_ROWS), at, looked)
    }
    return looked
  }

  function lookAt(customers: readonly (readonly [string, CustomerState])[], at: number, looked: Looked[]): void {
    if (rows.length < customers.length * FEATURES.length) rows = new Float32Array(customers.length * FEATURES.length)
    const sights = customers.map(([, state]) => see(state, at))
    for (let i = 0; i < sights.length; i++) rows.set(sights[i]!.vector, i * FEATURES.length)
    const { model, scorer, maySend } = inUse()
    const context = { model, policy, modelMaySend: maySend }
    const { logits, probabilities } = scorer.predict(rows, customers.length)
    const first = looked.length
    for (let i = 0; i < customers.length; i++) {
      const [id, state] = customers[i]!
      const seen = sights[i]!
      const score = { logit: logits[i]!, probability: probabilities[i]! }
      const evaluation = evaluate(underWay.laidOver(id, state), at, score, context, seen)
      const looks = report(id, state, evaluation, at, seen, model)
      if (looks.outbox.length > 0) underWay.remember(id, evaluation.decision, at)
      looked.push(looks)
    }
    shadow?.({ at, rows, customers, looked: looked.slice(first), logits, probabilities })
  }

  /** What a look has to say to the world: a change of band, and a decision that is new. */
  function report(
    id: string,
    before: CustomerState,
    evaluation: Evaluation,
    at: number,
    seen: Sight,
    model: RiskModel,
  ): Looked {
    const { decision, changedFrom, decided: now } = evaluation
    const isNewDecision =
      decision.action !== undefined && (changedFrom !== undefined || before.decided?.disposition !== now.disposition)
    if (changedFrom === undefined && !isNewDecision) return { id, evaluation, entry: undefined, outbox: [] }

    const { band, probability, expectedLossMinor } = now
    const reasons = band === 'prospect' || band === 'healthy' ? [] : reasonsAt(before, at, model, seen)
    const modelVersion = model.version
    const outbox: OutboxEntry[] = []
    if (changedFrom !== undefined) {
      // Every customer's first look comes by here, and spreads that depend on something are slow.
      const change: RiskChanged = {
        customerId: id,
        band,
        previousBand: changedFrom === 'none' ? undefined : changedFrom,
        enteredAt: now.enteredAt,
        evaluatedAt: at,
        probability: band === 'prospect' ? undefined : probability,
        expectedLossMinor,
        currency,
        reasons: [...reasons],
        modelVersion,
        source: SOURCE,
      }
      outbox.push(riskChanged(change))
    }
    if (isNewDecision && decision.action !== undefined) {
      const episode = { customerId: id, band, enteredAt: decision.episodeAt }
      const { action, disposition, withheld } = decision
      if (disposition === 'queued') {
        // The relay sends decisions before jobs, so a job that anybody saw has its decision in the log.
        outbox.push(decided(episode, action, at))
        const job = {
          customerId: id,
          band,
          expectedLossMinor,
          currency,
          reasons: [...reasons],
          modelVersion,
          action,
          enteredAt: decision.episodeAt,
          decidedAt: at,
          probability,
          shard: { partition },
        }
        outbox.push(queued(job))
      } else if ((disposition === 'held' || disposition === 'refused') && withheld !== undefined) {
        outbox.push(suppressed(episode, action, withheld, at))
      }
    }
    const entry: TimelineEntry | undefined =
      changedFrom === undefined ? undefined : { kind: `band.${band}`, time: now.enteredAt, detail: probability }
    return { id, evaluation, entry, outbox }
  }
}

interface DecisionUnderWay {
  readonly action: ActionKind
  readonly episodeAt: number
  readonly at: number
}

/**
 * Decisions to contact somebody that have left for the log and have not come back yet. Who leaves a band and enters it again
 * meanwhile is contacted under the episode that was decided, as they would be a moment later, when the ledger says so. Memory
 * will do: whoever opens a shard reads every earlier decision from the log before it decides.
 */
class DecisionsUnderWay {
  private readonly byCustomer = new Map<string, DecisionUnderWay>()

  /** The state with the ledger that it will have when the decision has come back. */
  laidOver(id: string, state: CustomerState): CustomerState {
    const decision = this.byCustomer.get(id)
    if (decision === undefined) return state
    const { action, episodeAt, at } = decision
    const ledger = state.actions[action]
    if (ledger !== undefined && (ledger.decidedEpisode === episodeAt || ledger.decidedAt > at)) {
      this.byCustomer.delete(id)
      return state
    }
    const envelope = { customerId: id, time: at, knownAt: at, idHash: 0 }
    return fold(state, { ...envelope, type: 'action.decided', action, enteredAt: episodeAt })
  }

  remember(id: string, { action, episodeAt, disposition }: Decision, at: number): void {
    if (action !== undefined && disposition === 'queued') {
      this.byCustomer.set(id, { action, episodeAt, at })
    }
  }
}
