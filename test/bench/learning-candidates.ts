import { type BgNbd, FEATURES, probabilityAlive, probabilityOfSilence, valueHistory } from '@holdfast/core'
import type { Row } from '@holdfast/trainer'

/** What candidates may know besides the row: BG/NBD as fitted at the newest training cutoff, as a manifest would carry it. */
export interface Knowledge {
  readonly buying: BgNbd
  readonly horizonDays: number
}

/** Columns that might join the feature table. */
export interface Candidate {
  readonly name: string
  readonly columns: number
  of(row: Row, knowledge: Knowledge): readonly number[]
}

const at = (name: string) => {
  const index = FEATURES.findIndex((row) => row.name === name)
  if (index < 0) throw new RangeError(`the feature table has no row "${name}"`)
  return ({ vector }: Row) => vector[index]!
}
const [logSpend, logMeanAmount, logRecency, logMeanGap, hasRhythm] = [
  at('logSpend'),
  at('logMeanAmount'),
  at('logRecency'),
  at('logMeanGap'),
  at('hasRhythm'),
]
const logOdds = (p: number) => Math.log(Math.max(1e-6, p) / Math.max(1e-6, 1 - p))
const beyond = (x: number, knees: readonly number[]) => knees.map((knee) => Math.max(0, x - knee))

/** Whole units of the currency. */
const MONEY_KNEES = [20, 50, 100, 200, 500, 1_000, 2_000].map(Math.log1p)
const GAP_KNEES = [-1, -0.5, 0, 0.5, 1]

const alive: Candidate = {
  name: 'P(alive)',
  columns: 1,
  of: ({ state, cutoff }, { buying }) => [probabilityAlive(buying, valueHistory(state, cutoff)!)],
}
const silence: Candidate = {
  name: 'log odds of no purchase by BG/NBD',
  columns: 1,
  of: ({ state, cutoff }, { buying, horizonDays }) => [
    logOdds(probabilityOfSilence(buying, valueHistory(state, cutoff)!, horizonDays / 7)),
  ],
}
const spendHinges: Candidate = {
  name: 'hinges of log spend',
  columns: MONEY_KNEES.length,
  of: (row) => beyond(logSpend(row), MONEY_KNEES),
}
const amountHinges: Candidate = {
  name: 'hinges of log mean amount',
  columns: MONEY_KNEES.length,
  of: (row) => beyond(logMeanAmount(row), MONEY_KNEES),
}
const overdue: Candidate = {
  name: 'log recency - log mean gap',
  columns: 1,
  of: (row) => [hasRhythm(row) * (logRecency(row) - logMeanGap(row))],
}
const overdueHinges: Candidate = {
  name: 'the same, with hinges',
  columns: 1 + GAP_KNEES.length,
  of: (row) => {
    const difference = logRecency(row) - logMeanGap(row)
    return [difference, ...beyond(difference, GAP_KNEES)].map((x) => hasRhythm(row) * x)
  },
}
const all = [alive, silence, spendHinges, amountHinges, overdueHinges]

export const CANDIDATES: readonly Candidate[] = [
  alive,
  silence,
  spendHinges,
  amountHinges,
  overdue,
  overdueHinges,
  {
    name: 'all of them',
    columns: all.reduce((sum, { columns }) => sum + columns, 0),
    of: (row, knowledge) => all.flatMap((candidate) => candidate.of(row, knowledge)),
  },
]
