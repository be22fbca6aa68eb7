import type { OutcomeRecord, VersionOutcomes } from '@holdfast/contracts'
import { type CustomerState, type Decided, judge, UNDECIDED } from '@holdfast/core'
import { auc, brier, calibrationError, logLoss, type ReliabilityBin, reliability } from '../metrics/index.ts'
import { iso } from '../registry/manifest.ts'
import { DAY_MS } from '../settings.ts'
import { type Cohort, cohortName } from './cohort.ts'

/** A customer as found when judged; undefined where there is no readable state any more. */
export type Found = CustomerState | undefined

/**
 * What became of a cohort whose horizon has passed. A state remembers its newest purchases only: judged so late that all of
 * them lie beyond the horizon, it does not tell whether one lay within, and the customer counts as unknown.
 *
 * @param found in the order of the cohort
 * @param now ms, at or after the end of the horizon
 */
export function judgeCohort(cohort: Cohort, found: readonly Found[], now: number): OutcomeRecord {
  const { model, horizonDays, at } = cohort
  const probabilities: number[] = []
  const labels: number[] = []
  let [erased, unknown] = [0, 0]
  for (const [i, state] of found.entries()) {
    if (state?.erased) erased++
    const churned = state === undefined || state.erased ? undefined : churnedAfter(state, cohort, now)
    if (churned === undefined) {
      if (!state?.erased) unknown++
      continue
    }
    probabilities.push(cohort.probabilities[i]!)
    labels.push(churned ? 1 : 0)
  }
  const table = reliability(probabilities, labels)
  return {
    cohort: cohortName(cohort),
    predictedAt: iso(at),
    maturedAt: iso(at + horizonDays * DAY_MS),
    judgedAt: iso(now),
    model,
    horizonDays,
    customers: labels.length,
    churned: sum(labels),
    erased,
    unknown,
    meanPredicted: finite(sum(probabilities) / labels.length),
    auc: finite(auc(probabilities, labels)),
    logLoss: finite(logLoss(probabilities, labels)),
    brier: finite(brier(probabilities, labels)),
    ece: finite(calibrationError(table)),
    reliability: [...table],
  }
}

/** The core's own judgement of an open prediction; undefined where the state does not tell. */
function churnedAfter(state: CustomerState, { at, horizonDays }: Cohort, now: number): boolean | undefined {
  // Of probability 0: judged, its code is 1 for who returned and 2 for who did not.
  const open: Decided = { ...UNDECIDED, enteredAt: at, evaluatedAt: at, predictedAt: at }
  const { judged } = judge(state, open, now, horizonDays * DAY_MS)
  return judged === 0 ? undefined : judged % 2 === 0
}

/** Cohorts of each model together, the model of the newest cohort first. @param outcomes newest first */
export function outcomesByVersion(outcomes: readonly OutcomeRecord[]): readonly VersionOutcomes[] {
  return grouped(outcomes, ({ model }) => model.digest).map((records) => {
    const customers = sum(records.map((record) => record.customers))
    const mean = (of: (record: OutcomeRecord) => number | null) => {
      const having = records.filter((record) => of(record) !== null)
      const weight = sum(having.map((record) => record.customers))
      return finite(sum(having.map((record) => (of(record) ?? 0) * record.customers)) / weight)
    }
    return {
      model: records[0]!.model,
      cohorts: records.length,
      customers,
      churned: sum(records.map(({ churned }) => churned)),
      meanPredicted: mean((record) => record.meanPredicted),
      auc: mean((record) => record.auc),
      logLoss: mean((record) => record.logLoss),
      brier: mean((record) => record.brier),
      ece: finite(calibrationError(pooled(records.flatMap((record) => record.reliability)))),
    }
  })
}

/** Bins of the same range as one. */
function pooled(bins: readonly ReliabilityBin[]): ReliabilityBin[] {
  return grouped(bins, ({ from }) => from).map((same) => {
    const rows = sum(same.map((bin) => bin.rows))
    const mean = (of: (bin: ReliabilityBin) => number) => sum(same.map((bin) => of(bin) * bin.rows)) / rows
    return {
      ...same[0]!,
      rows,
      predicted: mean(({ predicted }) => predicted),
      observed: mean(({ observed }) => observed),
    }
  })
}

function grouped<T, K>(values: readonly T[], keyOf: (value: T) => K): T[][] {
  const groups = new Map<K, T[]>()
  for (const value of values) {
    const group = groups.get(keyOf(value))
    if (group === undefined) groups.set(keyOf(value), [value])
    else group.push(value)
  }
  return [...groups.values()]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** JSON knows no NaN. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
