/**
 * Features that the table does not have, tried out of time: the usual ridge logistic with and without them, on the same rows of
 * several windows of both real logs and of the generated shop. Differences are paired, and a resample draws customers with all
 * their windows, since a customer's windows are not independent.
 *
 * A candidate earns its place where log loss is clearly lower on both real logs (the whole interval), and by WORTH on average of
 * them: each column costs time in every look and in every sample of the search for the next appointment. The generated shop is
 * shown beside them and has no say: it was made by a model of the same kind as BG/NBD.
 */
import { type BuyingHistory, type CustomerEvent, fitBgNbd, valueHistory } from '@holdfast/core'
import { type Backend, createLogisticModel, createScorer, fitLogistic, loadBackend } from '@holdfast/scorer'
import { auc, createSnapshots, DAY_MS, DEFAULT_SETTINGS, mulberry32, type Row } from '@holdfast/trainer'
import { CANDIDATES, type Candidate } from './learning-candidates.ts'
import { eventsOf, type LearningLog } from './learning-events.ts'

interface Window {
  readonly log: LearningLog
  readonly horizonDays: number
  readonly test: string
  /** The newest training cutoff ends its labels at the tested instant at the latest; others lie a month before each other. */
  readonly cutoffs: number
}

const WINDOWS: readonly Window[] = [
  ...['1997-10-31', '1997-11-30', '1997-12-31', '1998-01-31', '1998-02-28', '1998-03-31'].map(
    (test): Window => ({ log: 'cdnow', horizonDays: 90, test, cutoffs: 6 }),
  ),
  { log: 'cdnow', horizonDays: 181, test: '1997-12-31', cutoffs: 3 },
  ...['2010-07-01', '2010-08-01', '2010-09-01'].map(
    (test): Window => ({ log: 'retail', horizonDays: 90, test, cutoffs: 5 }),
  ),
  ...['2010-07-01', '2010-08-01', '2010-09-01', '2010-10-01', '2010-11-01'].map(
    (test): Window => ({ log: 'retail', horizonDays: 30, test, cutoffs: 8 }),
  ),
  ...['2025-04-01', '2025-07-01', '2025-10-01', '2026-01-01', '2026-04-01'].map(
    (test): Window => ({ log: 'shop', horizonDays: 90, test, cutoffs: 8 }),
  ),
]
const RESAMPLES = 1_000
const WORTH = 0.001
const RIDGE = DEFAULT_SETTINGS.usualRidge

/** Prints the table. */
export async function tryFeatures(folder: string): Promise<void> {
  const backend = await loadBackend()
  console.log(
    `ridge ${RIDGE}; gains of the candidates over the table as it is, positive is better; [95 % of resamples]\n`,
  )
  console.log(
    `${'log'.padEnd(9)}${'candidate'.padEnd(42)}${'columns'.padEnd(9)}${'windows'.padEnd(9)}${'log loss, thousandths'.padEnd(28)}AUC, thousandths`,
  )
  const onRealLogs = CANDIDATES.map(() => [] as Gain[])
  for (const log of ['cdnow', 'retail', 'shop'] as const) {
    const events = await eventsOf(log, folder)
    const gains = CANDIDATES.map(() => new Map<string, number[]>())
    const aucGains = CANDIDATES.map(() => [] as number[])
    const windows = WINDOWS.filter((window) => window.log === log)
    for (const window of windows) {
      const judged = judgeWindow(backend, events, window, CANDIDATES)
      const [base, ...others] = judged.models
      for (const [c, model] of others.entries()) {
        aucGains[c]!.push(model.auc - base!.auc)
        for (const [i, id] of judged.customers.entries()) {
          const list = gains[c]!.get(id) ?? []
          gains[c]!.set(id, list)
          list.push(base!.losses[i]! - model.losses[i]!)
        }
      }
    }
    for (const [c, { name, columns }] of CANDIDATES.entries()) {
      const drawn = bootstrapped([...gains[c]!.values()])
      const { mean, low, high } = drawn
      if (log !== 'shop') onRealLogs[c]!.push(drawn)
      const gain = `${thousandths(mean)} [${thousandths(low)}, ${thousandths(high)}]`
      const aucs = aucGains[c]!
      const range = `${thousandths(average(aucs))} (windows ${thousandths(Math.min(...aucs))} to ${thousandths(Math.max(...aucs))})`
      console.log(
        `${log.padEnd(9)}${name.padEnd(42)}${String(columns).padEnd(9)}${String(windows.length).padEnd(9)}${gain.padEnd(28)}${range}`,
      )
    }
  }
  for (const [c, { name }] of CANDIDATES.entries()) {
    const verdict = earnsItsPlace(onRealLogs[c]!) ? 'earns its place' : 'does not earn its place'
    console.log(`${c === 0 ? '\n' : ''}${verdict}: ${name}`)
  }
}

/** @param gains one a log */
export function earnsItsPlace(gains: readonly Gain[]): boolean {
  return gains.every(({ low }) => low > 0) && average(gains.map(({ mean }) => mean)) >= WORTH
}

interface Judged {
  readonly customers: readonly string[]
  /** Without candidates first, then with each. */
  readonly models: readonly { readonly auc: number; readonly losses: Float64Array }[]
}

export function judgeWindow(
  backend: Backend,
  events: readonly CustomerEvent[],
  window: Omit<Window, 'log'>,
  candidates: readonly Candidate[],
): Judged {
  const test = Date.parse(`${window.test}T00:00:00Z`)
  const horizonMs = window.horizonDays * DAY_MS
  const first = events.reduce((least, { knownAt }) => Math.min(least, knownAt), Number.POSITIVE_INFINITY)
  const training = Array.from({ length: window.cutoffs }, (_, i) => test - horizonMs - 30 * i * DAY_MS).filter(
    (cutoff) => cutoff - first >= 30 * DAY_MS,
  )
  const snapshots = createSnapshots({ cutoffs: [...training, test], horizonMs, until: test + horizonMs })
  for (const event of events) snapshots.add(event)
  const rows = [...snapshots.rows()]
  const newest = Math.max(...training)
  const learned = rows.filter(({ cutoff }) => cutoff !== test)
  const tested = rows.filter(({ cutoff }) => cutoff === test)
  const knowledge = { buying: fitBgNbd(historiesOf(learned, newest)), horizonDays: window.horizonDays }
  const base: Candidate = { name: '', columns: 0, of: () => [] }
  return {
    customers: tested.map(({ customerId }) => customerId),
    models: [base, ...candidates].map((candidate) => {
      const vectors = (of: readonly Row[]) => tableOf(of, (row) => candidate.of(row, knowledge))
      const { x, width } = vectors(learned)
      const y = Uint8Array.from(learned, ({ label }) => label)
      const age = DEFAULT_SETTINGS.halfLifeDays * DAY_MS
      const weights = Float32Array.from(learned, ({ cutoff }) => 2 ** (-(newest - cutoff) / age))
      const { smallestScale } = DEFAULT_SETTINGS
      const { raw } = fitLogistic(backend, { x, y, weights, features: width }, { l2: RIDGE, smallestScale })
      const scorer = createScorer(backend, createLogisticModel(backend, raw))
      const { logits } = scorer.predict(vectors(tested).x, tested.length)
      scorer.dispose()
      const labels = tested.map(({ label }) => label)
      const losses = Float64Array.from(
        logits,
        (z, i) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - labels[i]! * z,
      )
      return { auc: auc(logits, labels), losses }
    }),
  }
}

function tableOf(rows: readonly Row[], more: (row: Row) => readonly number[]): { x: Float32Array; width: number } {
  const lines = rows.map((row) => [...Array.from(row.vector), ...more(row)])
  const width = lines[0]!.length
  const x = new Float32Array(rows.length * width)
  for (const [i, line] of lines.entries()) x.set(line, i * width)
  return { x, width }
}

function historiesOf(rows: readonly Row[], cutoff: number): BuyingHistory[] {
  return rows.flatMap((row) => (row.cutoff === cutoff ? (valueHistory(row.state, cutoff) ?? []) : []))
}

/** In log loss, a row; 95 % of resamples lie between. */
export interface Gain {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Mean gain a row, customers drawn with all their windows. */
export function bootstrapped(customers: readonly (readonly number[])[]): Gain {
  const sums = Float64Array.from(customers, (gains) => gains.reduce((sum, gain) => sum + gain, 0))
  const counts = Float64Array.from(customers, (gains) => gains.length)
  const random = mulberry32(1)
  const drawn = Float64Array.from({ length: RESAMPLES }, () => {
    let [sum, rows] = [0, 0]
    for (let i = 0; i < customers.length; i++) {
      const one = Math.floor(random() * customers.length)
      sum += sums[one]!
      rows += counts[one]!
    }
    return sum / rows
  }).sort()
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0)
  const [low, high] = [drawn[Math.floor(0.025 * RESAMPLES)]!, drawn[Math.floor(0.975 * RESAMPLES)]!]
  return { mean: total(sums) / total(counts), low, high }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function thousandths(value: number): string {
  return `${value < 0 ? '-' : '+'}${(1_000 * Math.abs(value)).toFixed(2)}`
}
