import {
  type Assumption,
  type CustomerEvent,
  createSimulation,
  type EvaluateContext,
  heardAt,
  type Simulation,
  type Tallied,
  Tally,
} from '@holdfast/core'
import { logEmpty } from '../dataset/guard.ts'
import type { EventSource } from '../source/event-source.ts'
import { requireEndOfLog, requireStartOfLog, requireWindow } from './window.ts'

export interface BacktestRequest {
  readonly source: EventSource
  readonly context: EvaluateContext
  /** Decisions are taken in [from, to), ms. */
  readonly from: number
  readonly to: number
  readonly assume: Assumption
}

export interface BacktestRun {
  readonly tallied: Tallied
  readonly events: number
  readonly customers: number
  /** End of what is known, ms. */
  readonly until: number
  /** Whether the log lay in order for each customer, or had to be sorted in memory first. */
  readonly inOrder: boolean
  /** Everybody as they stood at `to`. */
  readonly states: Simulation['states']
}

/**
 * Lives through a log once more, under a policy and a model. A log that is in order for each customer is read once and not kept;
 * any other is read again and sorted in memory.
 * @throws HoldfastError LOG_EMPTY, WINDOW_INVALID, WINDOW_OUTSIDE_LOG
 */
export async function runBacktest(request: BacktestRequest): Promise<BacktestRun> {
  const { source } = request
  requireWindow(request)
  return (await runOver(source, request)) ?? sorted(await runOver(await sortedEvents(source), request))
}

type Events = Iterable<CustomerEvent> | AsyncIterable<CustomerEvent>

/** Undefined where a customer's events are not in the order in which they became known. */
async function runOver(events: Events, { source, context, from, to, assume }: BacktestRequest) {
  const tally = new Tally({ from, to, horizonMs: context.model.horizonMs })
  const simulation = createSimulation({
    ...{ context, from, to, assume },
    onLook: (look) => tally.look(look),
    onErased: (customerId, last, at) => tally.erased(customerId, last, at),
  })
  let count = 0
  let firstHeardAt = Number.POSITIVE_INFINITY
  for await (const event of events) {
    if (!simulation.add(event)) return undefined
    tally.hear(event)
    count++
    firstHeardAt = Math.min(firstHeardAt, heardAt(event))
  }
  const until = source.counts().end
  if (count === 0 || until === undefined) throw logEmpty(count === 0 ? '' : ' of a customer’s own')
  requireStartOfLog(from, firstHeardAt)
  requireEndOfLog(to, until)
  simulation.end()
  const { customers, states } = simulation
  return { tallied: tally.result(until), events: count, customers, until, inOrder: true, states }
}

async function sortedEvents(source: EventSource): Promise<CustomerEvent[]> {
  const events: CustomerEvent[] = []
  for await (const event of source) events.push(event)
  return events.sort((a, b) => heardAt(a) - heardAt(b))
}

function sorted(run: BacktestRun | undefined): BacktestRun {
  if (run === undefined) throw new Error('a sorted log is not in order')
  return { ...run, inOrder: false }
}
