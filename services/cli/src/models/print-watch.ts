import type { LastWatch } from '@holdfast/contracts'
import { count, instant, percent, plural, table } from '../output/text.ts'
import type { ReadDrift, ReadOutcomes } from './read-watch.ts'

/** From where on customers have moved, and are others (N. Siddiqi, Credit Risk Scorecards, 2006). */
const MOVED = 0.1
const OTHERS = 0.25
/** Features and cohorts told where nothing is the matter. */
const FEWEST = 10

/** Drift for people: the score, whatever has moved, and the features that come nearest to it. */
export function driftText({ drift, last }: ReadDrift): string {
  const { model, asOf, customers, unreadable, score, features, chance, problem } = drift
  const verdict = (psi: number) => (psi >= MOVED && psi <= (chance ?? 0) ? 'may be chance' : verdictOf(psi))
  const head = `champion ${model.version}, ${plural(customers, 'customer')}, as of ${instant(Date.parse(asOf))}`
  const told = features.filter(({ psi }, i) => psi >= MOVED || i < FEWEST)
  const lines = [head]
  if (problem !== null) lines.push(`drift is ${problem}`)
  if (score !== null) {
    const rows = told.map(({ feature, psi }) => [feature, psi.toFixed(4), verdict(psi)])
    lines.push(table([['score', score.toFixed(4), verdict(score)], ...rows], '  '))
    if (told.length < features.length)
      lines.push(`  and ${plural(features.length - told.length, 'feature')} that moved less`)
  }
  if (unreadable > 0)
    lines.push(`${plural(unreadable, 'customer')} left out: their state cannot be read; see "npx holdfast audit"`)
  return [...lines, ...remarks(last)].join('\n')
}

function verdictOf(psi: number): string {
  return psi > OTHERS ? 'ANOTHER POPULATION' : psi >= MOVED ? 'has moved' : 'as it was'
}

/** Outcomes for people: every model, then the newest cohorts. */
export function outcomesText({ versions, cohorts, last }: ReadOutcomes): string {
  const waiting =
    last.nextMaturesAt === null
      ? 'no cohort waits to be judged'
      : `${plural(last.open, 'cohort')} not judged yet; the next can be from ${last.nextMaturesAt.slice(0, 10)} on`
  if (cohorts.length === 0) return ['no prediction has been judged yet', waiting, ...remarks(last)].join('\n')
  const columns = ['judged', 'churned', 'predicted', 'AUC', 'log loss', 'Brier', 'ECE']
  const byVersion = versions.map((each) => [
    `${each.model.version}, ${plural(each.cohorts, 'cohort')}`,
    ...figures(each),
  ])
  const byCohort = cohorts
    .slice(0, FEWEST)
    .map((each) => [`${each.cohort} ${each.model.version}`, ...figures(each), leftOut(each.erased, each.unknown)])
  return [
    table([['model', ...columns], ...byVersion]),
    '',
    table([['cohort', ...columns, 'left out'], ...byCohort]),
    ...(cohorts.length > FEWEST ? [`and ${plural(cohorts.length - FEWEST, 'earlier cohort')} (--json)`] : []),
    waiting,
    ...remarks(last),
  ].join('\n')
}

type Figures = Pick<
  ReadOutcomes['cohorts'][number],
  'customers' | 'churned' | 'meanPredicted' | 'auc' | 'logLoss' | 'brier' | 'ece'
>

function figures({ customers, churned, meanPredicted, auc, logLoss, brier, ece }: Figures): string[] {
  const share = (value: number | null) => (value === null ? '-' : percent(value))
  const four = (value: number | null) => value?.toFixed(4) ?? '-'
  const churnRate = customers === 0 ? null : churned / customers
  return [count(customers), share(churnRate), share(meanPredicted), ...[auc, logLoss, brier, ece].map(four)]
}

function leftOut(erased: number, unknown: number): string {
  const parts = [erased > 0 && `${count(erased)} erased`, unknown > 0 && `${count(unknown)} unknown`].filter(Boolean)
  return parts.join(', ') || '-'
}

function remarks({ outcome, says, asOf, corrupt }: LastWatch): string[] {
  const lines: string[] = []
  if (outcome !== 'measured')
    lines.push(`NOT MEASURED at the last watch, ${instant(Date.parse(asOf))}: ${says ?? outcome}`)
  if (corrupt.length > 0) lines.push(`CANNOT BE READ and passed over: ${corrupt.join(', ')}`)
  return lines
}
