import { type EvaluateContext, type Evaluation, evaluate } from '../evaluate.ts'
import type { ActionKind, CustomerEvent } from '../event.ts'
import { see } from '../features/sight.ts'
import { fold } from '../fold/fold.ts'
import { logitOf, probabilityOf } from '../risk/model.ts'
import { type CustomerState, type Decided, EMPTY_STATE } from '../state/customer-state.ts'

/** What is taken to become of a job: it is delivered the moment it is queued, or never. */
export const ASSUMPTIONS = ['delivered', 'none'] as const
export type Assumption = (typeof ASSUMPTIONS)[number]

export interface SimulationOptions {
  readonly context: EvaluateContext
  /** Decisions are taken in [from, to), ms, as by an installation that starts at `from` on the log of all that was known by then. */
  readonly from: number
  readonly to: number
  readonly assume: Assumption
  readonly onLook: (look: SimulatedLook) => void
  /** An erased customer who had been looked at. */
  readonly onErased: (customerId: string, last: Decided, at: number) => void
}

/** One look at one customer, and what it came to. */
export interface SimulatedLook {
  readonly customerId: string
  readonly state: CustomerState
  /** ms */
  readonly at: number
  /** Whether this is the look that a first start takes at everybody. */
  readonly isStart: boolean
  readonly evaluation: Evaluation
  /** Whether the decision differs from the one before: only then the world would have heard of it. */
  readonly isNewDecision: boolean
}

export interface Simulation {
  readonly customers: number
  /**
   * Lets the event's customer live until it becomes known, and then know it.
   * @returns false where this customer has known later events already: then nothing has happened, and the log needs sorting
   */
  add(event: CustomerEvent): boolean
  /** Lets everybody live until `to`. Nothing may be added afterwards. */
  end(): void
  /** Everybody as they stand now. */
  states(): IterableIterator<readonly [customerId: string, state: CustomerState]>
}

interface Simulated {
  state: CustomerState
  /** The next appointment, ms; infinite where silence changes nothing any more. */
  dueAt: number
  /** When the newest event became known, ms. */
  heardAt: number
}

/** What the policy that was in force did. It gives way to what the simulated one does; what people answered stays. */
const DONE_BY_ANOTHER_POLICY: ReadonlySet<CustomerEvent['type']> = new Set([
  'action.decided',
  'action.delivered',
  'action.failed',
  'action.suppressed',
])

/**
 * When an event can be acted on, ms: when it was known, but not before it happened (producers' clocks may run ahead).
 */
export function heardAt({ knownAt, time }: CustomerEvent): number {
  return Math.max(knownAt, time)
}

/**
 * The decision path over a log on the log's own time: the live fold, evaluation and appointments, with scores in plain
 * arithmetic (the model's own within the float32 breadth, which the search for appointments keeps clear of). No decision
 * depends on another customer, so each lives on a clock of their own, from event to appointment to event: a log need be in
 * order for each customer only, and memory grows with customers alone.
 */
export function createSimulation(options: SimulationOptions): Simulation {
  const { context, from, to, assume } = options
  const customers = new Map<string, Simulated>()
  /** Distinguishes the actions made up here for the fold's ring of ids; above all hashes of 48 bits. */
  let actions = 2 ** 48

  function live(customerId: string, customer: Simulated, until: number): void {
    while (customer.dueAt < until) look(customerId, customer, customer.dueAt)
  }

  function look(customerId: string, customer: Simulated, at: number): void {
    const before = customer.state.decided
    const seen = see(customer.state, at)
    const logit = logitOf(context.model, seen.vector)
    const score = { logit, probability: Math.fround(probabilityOf(logit)) }
    const evaluation = evaluate(customer.state, at, score, context, seen)
    const { decision, changedFrom, nextLookAt } = evaluation
    const isNewDecision =
      decision.action !== undefined && (changedFrom !== undefined || before?.disposition !== decision.disposition)
    customer.state = { ...customer.state, decided: evaluation.decided }
    if (isNewDecision && decision.action !== undefined && decision.disposition === 'queued') {
      act(customerId, customer, decision.action, decision.episodeAt, at)
    }
    // An appointment lies after the look that made it; were one not, the simulation would never end.
    customer.dueAt = nextLookAt === undefined ? Number.POSITIVE_INFINITY : Math.max(nextLookAt, at + 1)
    options.onLook({
      customerId,
      state: customer.state,
      at,
      isStart: at === from && before === undefined,
      evaluation,
      isNewDecision,
    })
  }

  function act(customerId: string, customer: Simulated, action: ActionKind, enteredAt: number, at: number): void {
    const common = { customerId, time: at, knownAt: at, action, enteredAt }
    customer.state = fold(customer.state, { ...common, type: 'action.decided', idHash: actions++ })
    if (assume === 'delivered') {
      customer.state = fold(customer.state, { ...common, type: 'action.delivered', idHash: actions++ })
    }
  }

  function add(event: CustomerEvent): boolean {
    const { customerId } = event
    const at = heardAt(event)
    let customer = customers.get(customerId)
    if (customer === undefined) {
      if (at >= to) return true
      customer = { state: EMPTY_STATE, dueAt: Number.POSITIVE_INFINITY, heardAt: at }
      customers.set(customerId, customer)
    }
    if (at < customer.heardAt) return false
    customer.heardAt = at
    live(customerId, customer, Math.min(at, to))
    if (at >= to || (at >= from && DONE_BY_ANOTHER_POLICY.has(event.type))) return true
    const { state } = customer
    customer.state = fold(state, event)
    if (customer.state === state) return true
    if (customer.state.erased) {
      customer.dueAt = Number.POSITIVE_INFINITY
      if (state.decided !== undefined) options.onErased(customerId, state.decided, at)
    } else {
      // Looked at once all events of this instant are known.
      customer.dueAt = Math.max(at, from)
    }
    return true
  }

  return {
    get customers() {
      return customers.size
    },
    add,
    end() {
      for (const [customerId, customer] of customers) live(customerId, customer, to)
    },
    *states() {
      for (const [customerId, { state }] of customers) yield [customerId, state] as const
    },
  }
}
