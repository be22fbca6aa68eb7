import { type Band, bandAt, type CustomerState, reasonsAt, see } from '@holdfast/core'
import type { OpenVersion } from '@holdfast/scorer'
import { checkStart, logEmpty, nobodyAt } from './dataset/guard.ts'
import { formatPopulation, isInPopulation, type RowPopulation } from './dataset/population.ts'
import { createStatesAt } from './dataset/states-at.ts'
import type { EventSource } from './source/event-source.ts'

/** What the model says of one customer at the instant asked for. */
export interface CustomerScore {
  readonly customerId: string
  readonly probability: number
  readonly logit: number
  readonly band: Band
  /** Sentences, strongest first. */
  readonly reasons: readonly string[]
}

export interface ScoreRequest {
  readonly version: OpenVersion
  readonly source: EventSource
  /** ms. Nothing that became known later has a say. */
  readonly at: number
  readonly population?: RowPopulation
}

const BATCH = 8_192

/**
 * Scores whoever is in the population at an instant, by customer id, through the live pipeline's own fold, model and bands; the band
 * is that of a first look, without hysteresis.
 *
 * @throws HoldfastError LOG_EMPTY, CUTOFF_OUTSIDE_LOG, NOBODY_IN_POPULATION
 */
export async function* scoreCustomers(request: ScoreRequest): AsyncGenerator<CustomerScore> {
  const { source, at, population = { kind: 'ever' } } = request
  const states = createStatesAt([at])
  let firstKnownAt = Number.POSITIVE_INFINITY
  for await (const event of source) {
    firstKnownAt = Math.min(firstKnownAt, event.knownAt)
    states.add(event)
  }
  if (source.counts().events === 0) throw logEmpty('')
  checkStart([at], firstKnownAt)

  const customers = [...states.ids()].sort(([a], [b]) => (a < b ? -1 : 1))
  let batch: Waiting[] = []
  let scored = 0
  for (const [customerId, index] of customers) {
    const state = states.at(index, 0)
    if (!isInPopulation(population, state, at)) continue
    batch.push({ customerId, state })
    if (batch.length < BATCH) continue
    yield* scoreBatch(batch, request)
    scored += batch.length
    batch = []
  }
  yield* scoreBatch(batch, request)
  if (scored + batch.length === 0) throw nobodyAt(at, formatPopulation(population))
}

interface Waiting {
  readonly customerId: string
  readonly state: CustomerState
}

function* scoreBatch(batch: readonly Waiting[], { version, at }: ScoreRequest): Generator<CustomerScore> {
  const { scorer, riskModel } = version
  const sights = batch.map(({ state }) => see(state, at))
  const x = new Float32Array(batch.length * scorer.features)
  for (const [i, { vector }] of sights.entries()) x.set(vector, i * scorer.features)
  const { logits, probabilities } = scorer.predict(x, batch.length)
  for (const [i, { customerId, state }] of batch.entries()) {
    const logit = logits[i]!
    yield {
      customerId,
      logit,
      probability: probabilities[i]!,
      band: bandAt(state, at, logit, undefined, riskModel),
      reasons: reasonsAt(state, at, riskModel, sights[i]).map(({ sentence }) => sentence),
    }
  }
}
