import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDecoder } from '@holdfast/contracts'
import {
  type CustomerState,
  EMPTY_STATE,
  FEATURES,
  featureVector,
  fold,
  logitOf,
  probabilityOf,
  RECENT_PURCHASES,
  type RiskModel,
} from '@holdfast/core'
import { createLogger, inputTopicsOf, logBounds, PROBLEM_SCHEMA } from '@holdfast/platform'
import { loadBackend } from '@holdfast/scorer'
import { generateShop, type ShopEvent } from '@holdfast/simulation'
import { type ManualClock, testKafka } from '@holdfast/testing'
import { referenceOf, type Watched, type WatchLimits, watchModel } from '@holdfast/trainer'
import { expect, inject } from 'vitest'
import type { z } from 'zod'
import type { Installation } from './risk-worker/support.ts'

export const DAY = 86_400_000
export const MONEY = { BASE_CURRENCY: 'EUR', CURRENCY_RATES: 'GBP=1.17,USD=0.92' }

const decode = createDecoder({ base: 'EUR', rates: { GBP: '1.17', USD: '0.92' } })

/** Events of a generated shop up to an instant, in their order. */
export function shopEvents(seed: number, customers: number, from: number, until: number): ShopEvent[] {
  return [...generateShop({ seed, customers, from, until }).events]
}

/** Every customer as the events up to `at` alone make them. */
export function statesAt(events: readonly ShopEvent[], at: number): Map<string, CustomerState> {
  const states = new Map<string, CustomerState>()
  for (const { role, timeMs, event } of events) {
    if (timeMs > at) continue
    const decoded = decode(role, Buffer.from(JSON.stringify(event)), at)
    if (decoded.kind !== 'event') throw new Error(`the shop made what is no event: ${JSON.stringify(event)}`)
    states.set(event.subject, fold(states.get(event.subject) ?? EMPTY_STATE, decoded.event))
  }
  return states
}

export async function sendEvents(shop: Installation, events: readonly ShopEvent[]): Promise<void> {
  for (const role of new Set(events.map((each) => each.role))) {
    const own = events.filter((each) => each.role === role)
    await shop.produce(role, ...own.map(({ event }) => ({ key: event.subject, value: JSON.stringify(event) })))
  }
}

/** Has the report of a model's folder say that it learned from these customers, or nothing of the kind. */
export function writeTraining(
  dir: string,
  model: RiskModel,
  states: Iterable<CustomerState> | undefined,
  at: number,
): void {
  const file = join(dir, 'report.json')
  const { training: _, ...report } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify(report))
  if (states === undefined) return
  const vectors = [...states]
    .filter(({ purchases }) => purchases !== undefined)
    .map((state) => featureVector(state, at))
  const training = {
    simple: { baseRate: 0.5, recency: { weight: 0, bias: 0 } },
    coefficients: [],
    features: FEATURES.map(({ name }, i) => ({
      feature: name,
      reference: referenceOf(vectors.map((vector) => Math.fround(vector[i]!))),
    })),
    score: referenceOf(vectors.map((vector) => probabilityOf(logitOf(model, vector)))),
  }
  writeFileSync(file, JSON.stringify({ ...report, training }))
}

export interface Watcher {
  watch(more?: { readonly limits?: Partial<WatchLimits> }): ReturnType<typeof watchModel>
  /** What it said at level error, a text a line. */
  readonly errors: readonly string[]
  close(): Promise<void>
}

/** Watches an installation as the trainer does, at instants of the test's choice. */
export async function openWatcher(shop: Installation, clock: ManualClock): Promise<Watcher> {
  const admin = testKafka(inject('kafkaBrokers')).admin()
  await admin.connect()
  const backend = await loadBackend()
  const errors: string[] = []
  const log = createLogger({
    service: 'test',
    level: 'error',
    destination: { write: (line: string) => errors.push(line) },
  })
  const inputs = Object.values(inputTopicsOf(shop.topics))
  return {
    errors,
    watch: (more = {}) =>
      watchModel({
        ...{ client: shop.client, prefix: shop.prefix, clock, backend, log },
        logEnds: () => logBounds(admin, inputs),
        ...more,
      }),
    close: () => admin.disconnect(),
  }
}

export interface NaiveRequest {
  readonly model: RiskModel
  /** When it was predicted, ms, from what had been sent until then. */
  readonly at: number
  readonly sentUntil: number
  readonly horizonMs: number
  /** What is known when it is judged, ms. */
  readonly knownUntil: number
  /** Customers whom the test erased. */
  readonly gone: readonly string[]
}

/** What became of everybody, from the events themselves. */
export function naiveOutcome(
  events: readonly ShopEvent[],
  { model, sentUntil, at, horizonMs, knownUntil, gone }: NaiveRequest,
) {
  const probabilities: number[] = []
  const churned: boolean[] = []
  let unknown = 0
  const inTheEnd = statesAt(events, knownUntil)
  for (const [id, state] of statesAt(events, sentUntil)) {
    if (state.purchases === undefined || inTheEnd.get(id)?.erased || gone.includes(id)) continue
    const times = events
      .filter(
        ({ event, timeMs }) => event.subject === id && event.type === 'purchase.completed' && timeMs <= knownUntil,
      )
      .map(({ timeMs }) => timeMs)
    if (times.filter((time) => time > at + horizonMs).length >= RECENT_PURCHASES) {
      unknown++
      continue
    }
    probabilities.push(probabilityOf(logitOf(model, featureVector(state, at))))
    churned.push(!times.some((time) => time > at && time <= at + horizonMs))
  }
  const rows = churned.length
  const loss = churned.reduce((sum, left, i) => sum - Math.log(left ? probabilities[i]! : 1 - probabilities[i]!), 0)
  const squares = churned.reduce((sum, left, i) => sum + (probabilities[i]! - Number(left)) ** 2, 0)
  let ece = 0
  for (let bin = 0; bin < 10; bin++) {
    const here = probabilities.flatMap((p, i) =>
      Math.min(9, Math.floor(p * 10)) === bin ? [p - Number(churned[i])] : [],
    )
    ece += Math.abs(here.reduce((sum, off) => sum + off, 0)) / rows
  }
  const counts = { customers: rows, churned: churned.filter(Boolean).length, unknown }
  const auc = naiveAuc(probabilities, churned)
  return { counts, figures: { auc, logLoss: loss / rows, brier: squares / rows, ece } }
}

/** The chance that who churned was given more than who returned, pair by pair. */
function naiveAuc(probabilities: readonly number[], churned: readonly boolean[]): number {
  let [wins, pairs] = [0, 0]
  for (const [i, p] of probabilities.entries()) {
    for (const [j, q] of probabilities.entries()) {
      if (!churned[i] || churned[j]) continue
      pairs++
      wins += p > q ? 1 : p === q ? 0.5 : 0
    }
  }
  return wins / pairs
}

export function expectAsNaive(judged: Watched['judged'][number], naive: ReturnType<typeof naiveOutcome>) {
  expect(judged).toMatchObject(naive.counts)
  const { auc, logLoss, brier, ece } = judged
  for (const [key, value] of Object.entries({ auc, logLoss, brier, ece })) {
    expect(value, key).toBeCloseTo(naive.figures[key as keyof typeof naive.figures], 4)
  }
}

/** The body of an answer, held to its schema to the letter: what the schema does not name must not be there. */
export async function bodyOf<S extends z.ZodType>(response: Response, schema: S): Promise<z.output<S>> {
  const body: unknown = await response.json()
  expect(response.status, JSON.stringify(body)).toBe(200)
  expect(schema.parse(body)).toEqual(body)
  return schema.parse(body)
}

export async function problemIn(response: Response, status: number) {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return PROBLEM_SCHEMA.parse(await response.json())
}
